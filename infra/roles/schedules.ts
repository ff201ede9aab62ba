import { SyncedCron } from 'meteor/littledata:synced-cron';
import type { Logger } from '../../packages/synced-cron/log';
import type { Service } from '../app';
import type { AppContext } from './app-context';
import { cronEvent } from './cron-events';

/** The schedules of the app: run by this role, seen and started by the link and the console. */
export class Schedules implements Service {
  readonly name = 'schedules';
  private stopped?: Promise<void>;

  constructor(private readonly context: Pick<AppContext, 'app' | 'settings' | 'events'>) {}

  async start(): Promise<void> {
    const { app, settings, events } = this.context;
    const { enabled, ...options } = settings.cron;
    if (!enabled) return;
    const logger: Logger = (entry, about) => {
      const { name, fields } = cronEvent(entry, about, options.log);
      events.emit(name, fields);
    };
    SyncedCron.config({ ...options, log: true, logger });
    app.schedules?.(SyncedCron as never);
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
    SyncedCron.run(name).catch(error => this.context.events.emit('cron.failed', { schedule: name, error }));
  }
}
