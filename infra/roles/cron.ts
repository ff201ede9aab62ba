import { SyncedCron } from 'meteor/littledata:synced-cron';
import { addSchedules } from '../../imports/schedules';
import type { Events } from '../monitor/events';
import type { Settings } from '../settings';
import { cronEvent } from './cron-events';
import type { Service } from './service';

/** The schedules of the app: run by this role, seen and started by the link and the console. */
export class Schedules implements Service {
  readonly name = 'schedules';
  private stopped?: Promise<void>;

  constructor(
    private readonly options: Settings['cron'],
    private readonly events: Events,
  ) {}

  async start(): Promise<void> {
    const { enabled, ...options } = this.options;
    if (!enabled) return;
    const logger = (entry: { level: string; message: string }) => {
      const { name, fields } = cronEvent(entry, options.log);
      this.events.emit(name, fields);
    };
    SyncedCron.config({ ...options, log: true, logger });
    addSchedules(SyncedCron);
    await SyncedCron.start();
  }

  stop(): Promise<void> {
    this.stopped ??= SyncedCron.pause();
    return this.stopped;
  }

  /** Every schedule with the date of its next run. */
  list(): { name: string; nextAt?: Date }[] {
    return Object.keys(SyncedCron._entries).map(name => {
      const nextAt = SyncedCron.nextScheduledAtDate(name);
      return nextAt ? { name, nextAt } : { name };
    });
  }

  /** Begins a run now; its end goes into the history. @throws an Error with the code `refused` for an unknown name. */
  async run(name: string): Promise<void> {
    if (!Object.hasOwn(SyncedCron._entries, name)) {
      const known = Object.keys(SyncedCron._entries).join(', ') || 'none';
      throw Object.assign(new Error(`there is no schedule "${name}"; there are: ${known}`), { code: 'refused' });
    }
    SyncedCron.run(name).catch(error => this.events.emit('cron.failed', { schedule: name, error }));
  }
}
