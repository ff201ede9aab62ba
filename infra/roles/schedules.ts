import { SyncedCron } from 'meteor/littledata:synced-cron';
import { type Entry, timetableOf } from 'meteor/littledata:synced-cron/entry';
import type { Logger } from '../../packages/synced-cron/log';
import type { Service } from '../app';
import type { LiveSchedule } from '../link';
import { type CodePause, CodePauses, leavesOutUntil } from '../schedules/code-pauses';
import type { AppContext } from './app-context';
import { cronEvent } from './cron-events';

/** The schedules of the app: run by this role, seen and started by the link and the console. */
export class Schedules implements Service {
  readonly name = 'schedules';
  private stopped?: Promise<void>;
  private readonly listed = new WeakMap<object, LiveSchedule>();
  /** Those that are paused, as far as this role has heard. */
  private readonly paused = new Map<string, CodePause>();

  constructor(private readonly context: Pick<AppContext, 'app' | 'settings' | 'events' | 'connection'>) {}

  async start(): Promise<void> {
    const { app, settings, events, connection } = this.context;
    const { enabled, ...options } = settings.cron;
    if (!enabled) return;
    const logger: Logger = (entry, about) => {
      const { name, fields } = cronEvent(entry, about, options.log);
      events.emit(name, fields);
    };
    SyncedCron.config({ ...options, log: true, logger });
    const pauses = new CodePauses(connection.db, options.collectionName);
    SyncedCron._leftOutUntil = entry => this.leftOutUntil(entry, pauses);
    app.schedules?.(SyncedCron as never);
    await SyncedCron.start();
  }

  stop(): Promise<void> {
    this.stopped ??= SyncedCron.pause();
    return this.stopped;
  }

  /** Every schedule with its times. They are looked up anew when the next run has come. */
  list(): LiveSchedule[] {
    const now = Date.now();
    return Object.values(SyncedCron._entries).map(entry => {
      const known = this.listed.get(entry);
      if (known && (!known.nextAt || known.nextAt.getTime() > now)) return known;
      const looked = lookAt(entry as Entry, this.context.settings.cron.utc, now);
      this.listed.set(entry, looked);
      return looked;
    });
  }

  /** When each schedule last succeeded, as far as the history goes back. */
  async lastSuccesses(): Promise<{ name: string; at: Date }[]> {
    const { connection, settings } = this.context;
    const succeeded = { finishedAt: { $type: 'date' }, error: { $exists: false } };
    const groups = connection.db
      .collection(settings.cron.collectionName)
      .aggregate<{ _id: string; at: Date }>(
        [{ $match: succeeded }, { $group: { _id: '$name', at: { $max: '$finishedAt' } } }, { $limit: 1_000 }],
        { maxTimeMS: 2_000 },
      );
    return (await groups.toArray()).map(({ _id, at }) => ({ name: _id, at }));
  }

  /** Begins a run now; its end goes into the history. @throws an Error with the code `refused` for an unknown name. */
  async run(name: string): Promise<void> {
    if (!Object.hasOwn(SyncedCron._entries, name)) {
      const known = Object.keys(SyncedCron._entries).join(', ') || 'none';
      throw Object.assign(new Error(`there is no schedule "${name}"; there are: ${known}`), { code: 'refused' });
    }
    SyncedCron.run(name).catch(error => this.context.events.emit('cron.failed', { schedule: name, error }));
  }

  /** The database is asked at each occurrence: a pause holds from the moment on at which its operator sees it. */
  private async leftOutUntil({ name, persist }: Entry, pauses: CodePauses): Promise<number> {
    const read = pauses.read([name]).then(found => found.get(name));
    // What every role runs by itself goes on without the database: there the last answer holds.
    const pause = await (persist === false ? read.catch(() => this.paused.get(name)) : read);
    this.note(name, pause?.until ? undefined : pause);
    return leavesOutUntil(pause);
  }

  /** Tells once of each pause, and of its end. */
  private note(name: string, pause: CodePause | undefined): void {
    const { emit } = this.context.events;
    const before = this.paused.get(name);
    if (pause) this.paused.set(name, pause);
    else this.paused.delete(name);
    if (pause && pause.since.getTime() !== before?.since.getTime())
      emit('cron.paused', { schedule: name, operator: pause.by, since: pause.since });
    if (!pause && before) emit('cron.resumed', { schedule: name });
  }
}

const mostNext = 5;

function lookAt(entry: Entry, utc: boolean, now: number): LiveSchedule {
  const { name, timezone = utc ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone } = entry;
  const { timetable } = timetableOf(entry, utc);
  const next: Date[] = [];
  for (let at = timetable.next(now); at !== undefined && next.length < mostNext; at = timetable.next(at))
    next.push(new Date(at));
  const [nextAt] = next;
  return { name, timezone, next, ...(nextAt && { nextAt }), ...writtenTimes(entry) };
}

/** What the schedule function calls of the parser; one that does more than one call is not put in words. */
function writtenTimes(entry: Entry): Pick<LiveSchedule, 'cron' | 'text'> {
  const written: Pick<LiveSchedule, 'cron' | 'text'> = {};
  const note = (what: 'cron' | 'text') => (times: string) => {
    written[what] = times;
    return {};
  };
  try {
    entry.schedule.call(entry, { cron: note('cron'), text: note('text') } as never);
  } catch {}
  return Object.keys(written).length === 1 ? written : {};
}
