import type { Clock } from './clock';
import { checkEntry, type Entry, isSameEntry, isShared, timetableOf } from './entry';
import { Log, messageOf } from './log';
import { configured, defaults, nameGiven, type Options, refuseArguments, unknownEntry } from './options';
import { Occurrences } from './run/occurrences';
import type { RunOutcome } from './run/record';
import { Runner } from './run/runner';
import type { HistoryCollection } from './store/history';
import { Store } from './store/store';

/** What the package needs from its host. */
export interface CronDeps {
  clock: Clock;
  /** Calls back when the app has started; at once if it has. */
  startup(callback: () => void): void;
  collection(name: string): HistoryCollection;
}

/** Runs jobs by schedules, each occurrence on one of all the processes that share a database. */
export class Cron {
  /** As configured. Change them by `config`. */
  options: Options = { ...defaults };
  /** Whether `start` was called, and neither `pause` nor `stop` since. */
  running = false;
  /** The entries by name. */
  readonly _entries: Record<string, Entry> = Object.create(null);
  /**
   * Set by a host that lets people pause single entries, not by apps: until when the occurrences of an entry are left out,
   * infinity while it is paused. A run by `run` is not asked about. It is a hook because a job that returned at once would
   * leave a record of a run that was none, and an entry that is removed and added again would make up for its pause.
   */
  _leftOutUntil?: (entry: Entry) => Promise<number>;
  private readonly log = new Log(() => this.settled);
  private readonly collections = new Map<string, HistoryCollection>();
  private readonly runner: Runner;
  private store: Store | undefined;
  /** Set while entries are scheduled: from the end of the app's start after `start` to the next `pause`. */
  private occurrences: Occurrences | undefined;

  constructor(private readonly deps: CronDeps) {
    const { clock } = deps;
    this.runner = new Runner({
      clock,
      log: this.log,
      store: () => this.openStore(),
      entryOf: name => this._entries[name],
    });
  }

  /** The collection of the history. */
  get _collection(): HistoryCollection {
    const { collectionName } = this.settled;
    const known = this.collections.get(collectionName);
    if (known) return known;
    const collection = this.deps.collection(collectionName);
    this.collections.set(collectionName, collection);
    return collection;
  }

  /**
   * Sets options; the others stay as they are. Call it before `start`.
   *
   * @throws Error that names the option, its value and what it takes.
   */
  config(options: Partial<Options>): void {
    const next = configured(this.options, options, this.running);
    this.options = next.options;
    if (!this.running) this.store = undefined;
    for (const warning of next.warnings) this.log.warn(warning);
  }

  /**
   * Adds an entry; if the cron is running, it is scheduled at once.
   *
   * @throws Error when a field is wrong, when the schedule doesn't parse or never happens, or when the name is taken.
   */
  add(entry: Entry): void {
    const warnings = checkEntry(entry);
    const known = this._entries[entry.name];
    if (known) {
      this.refuseTaken(known, entry);
      return;
    }
    for (const warning of [...warnings, ...timetableOf(entry, this.settled.utc).warnings])
      this.log.warn(warning, { entry: entry.name });
    this._entries[entry.name] = entry;
    if (this.occurrences) this.schedule(entry);
  }

  /**
   * Schedules all entries, when the app has started. A second call changes nothing.
   *
   * @returns a promise that resolves when the database is ready for it. It need not be awaited; it may be in a startup
   *   hook.
   */
  start(...none: []): Promise<void> {
    refuseArguments('start', none);
    if (!this.running) {
      this.running = true;
      this.store = undefined;
      this.deps.startup(() => this.arm());
    }
    const ready = Object.values(this._entries).some(isShared) ? this.openStore().ready() : Promise.resolve();
    // Logged here, because most callers don't wait; those that do get the error as well.
    ready.catch(error => this.log.error(`The database is not ready: ${messageOf(error)}`));
    return ready;
  }

  /** Stops scheduling and keeps the entries for the next `start`. Resolves when the jobs at work have ended. */
  pause(...none: []): Promise<void> {
    refuseArguments('pause', none);
    this.disarm();
    return this.runner.idle();
  }

  /** Stops scheduling and removes all entries. Resolves when the jobs at work have ended. */
  stop(...none: []): Promise<void> {
    refuseArguments('stop', none);
    for (const name of Object.keys(this._entries)) this.remove(name);
    this.disarm();
    return this.runner.idle();
  }

  /**
   * Removes an entry; a running job goes on. Warns if there is no such entry.
   *
   * @throws Error when it is given no name.
   */
  remove(name: string): void {
    if (!this.entry('remove', name)) {
      this.log.warn(`remove: ${this.unknown(name)}`);
      return;
    }
    this.occurrences?.unschedule(name);
    delete this._entries[name];
    this.log.info(`Removed "${name}"`, { event: 'removed', entry: name });
  }

  /**
   * When an entry runs next by its schedule; undefined when never, or when there is no such entry.
   *
   * @throws Error when it is given no name.
   */
  nextScheduledAtDate(name: string): Date | undefined {
    const entry = this.entry('nextScheduledAtDate', name);
    const next = entry && timetableOf(entry, this.settled.utc).timetable.next(this.deps.clock.now());
    return next === undefined ? undefined : new Date(next);
  }

  /**
   * Runs an entry now, beside its schedule, whether or not the cron is running. It takes the same lease, so it does not
   * run beside another run of the entry in any process.
   *
   * @returns its outcome: `finished`, `failed` (with the job's error) or `skipped` (another run was at work).
   * @throws Error when there is no such entry.
   */
  async run(name: string): Promise<RunOutcome> {
    const entry = this.entry('run', name);
    if (!entry) throw new Error(`SyncedCron.run: ${this.unknown(name)}`);
    // Occurrences of schedules fall on whole seconds: a time with milliseconds is none of them.
    let at = this.deps.clock.now();
    for (;;) {
      if (at % 1000 === 0) at++;
      const outcome = await this.runner.run(entry, new Date(at), { patient: false, isActive: () => true });
      if (outcome.status !== 'skipped' || outcome.reason !== 'again') return outcome;
      at++;
    }
  }

  private arm(): void {
    if (!this.running || this.occurrences) return;
    const { runner, log, _entries: entries } = this;
    const { clock } = this.deps;
    const leftOutUntil = async (entry: Entry) => this._leftOutUntil?.(entry) ?? Number.NEGATIVE_INFINITY;
    this.occurrences = new Occurrences({ clock, log, runner, entries, store: () => this.openStore(), leftOutUntil });
    for (const entry of Object.values(entries)) this.schedule(entry);
  }

  private disarm(): void {
    this.running = false;
    this.occurrences?.stop();
    this.occurrences = undefined;
  }

  /** Calls the schedule function again: it may read settings that were not there yet when the entry was added. */
  private schedule(entry: Entry): void {
    try {
      this.occurrences?.schedule(entry, timetableOf(entry, this.settled.utc).timetable);
    } catch (error) {
      this.log.error(messageOf(error));
    }
  }

  /** Apps may have replaced `options` by a few of them, as was usual before there was `config`. */
  private get settled(): Options {
    return { ...defaults, ...this.options };
  }

  /** One store while the cron runs; the next `start` opens one with the options of that moment. */
  private openStore(): Store {
    this.store ??= new Store(this._collection, this.settled, this.log);
    return this.store;
  }

  private refuseTaken(known: Entry, entry: Entry): void {
    if (!isSameEntry(known, entry)) {
      throw new Error(`SyncedCron.add: there is an entry "${entry.name}" already, with another schedule or job`);
    }
    this.log.warn(`"${entry.name}" was added twice: once is enough.`, { entry: entry.name });
  }

  /** @throws Error when it is given no name */
  private entry(call: string, name: string): Entry | undefined {
    return this._entries[nameGiven(call, name)];
  }

  private unknown(name: string): string {
    return unknownEntry(name, Object.keys(this._entries));
  }
}
