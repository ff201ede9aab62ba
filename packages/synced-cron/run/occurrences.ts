import type { Clock } from '../clock';
import { type Entry, isShared } from '../entry';
import { type Log, messageOf } from '../log';
import type { Store } from '../store/store';
import type { Timetable } from '../time/timetable';
import { DueRuns } from './due-runs';
import { catchesUp } from './missed';
import type { Runner } from './runner';
import { Scheduler } from './scheduler';

interface OccurrencesOptions {
  clock: Clock;
  log: Log;
  runner: Runner;
  store(): Store;
  entries: Record<string, Entry>;
  /** Occurrences up to there are left out. */
  leftOutUntil(entry: Entry): Promise<number>;
}

/** Passes the occurrences of scheduled entries to the runner: due ones, missed ones, and those of dead processes. */
export class Occurrences {
  private readonly scheduler: Scheduler;
  private readonly dueRuns: DueRuns;
  private rescuer: Rescuer | undefined;
  private stopped = false;

  constructor(private readonly options: OccurrencesOptions) {
    const { clock, log, entries } = options;
    const isActive = (entry: Entry) => !this.stopped && entries[entry.name] === entry;
    this.dueRuns = new DueRuns({ ...options, isActive });
    this.scheduler = new Scheduler(clock, log, (scheduled, occurrences, late) => {
      void this.dueRuns.run(scheduled, occurrences, late);
    });
  }

  /** Schedules an entry, and logs when it runs next. */
  schedule(entry: Entry, timetable: Timetable): void {
    const { clock, log } = this.options;
    const armedAt = clock.now();
    const next = this.scheduler.arm({ entry, timetable });
    if (next === undefined) log.warn(`No more future events for "${entry.name}".`, { entry: entry.name });
    else log.info(`Scheduled "${entry.name}" next run @${new Date(next)}`, { event: 'scheduled', entry: entry.name });
    if (!isShared(entry)) return;
    this.watchOver();
    if (catchesUp(entry)) void this.dueRuns.makeUp({ entry, timetable }, armedAt);
    else void this.dueRuns.forget(entry);
  }

  unschedule(name: string): void {
    this.scheduler.disarm(name);
  }

  /** Stops for good; running jobs go on. */
  stop(): void {
    this.stopped = true;
    this.scheduler.disarmAll();
    this.rescuer?.stop();
  }

  /** Starts with the first entry that other processes share. */
  private watchOver(): void {
    const { store, runner, entries, log } = this.options;
    this.rescuer ??= new Rescuer(store(), runner, () => Object.keys(entries), log);
    this.rescuer.start();
  }
}

/** Looks for runs of dead processes, a few times within each lease, and runs them again. */
class Rescuer {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly store: Store,
    private readonly runner: Runner,
    private readonly names: () => string[],
    private readonly log: Log,
  ) {}

  start(): void {
    this.timer ??= setTimeout(() => this.look(), this.store.leases.leaseMs / 3);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private async look(): Promise<void> {
    const { timer } = this;
    // If it was stopped meanwhile, there is no timer; if it was also started again, there is another one.
    const isActive = () => this.timer === timer;
    try {
      for (const lease of await this.store.leases.expired(this.names())) if (isActive()) this.rescue(lease);
    } catch (error) {
      this.log.warn(`Can't look for runs that died: ${messageOf(error)}`);
    }
    if (!isActive()) return;
    this.timer = undefined;
    this.start();
  }

  private rescue(lease: Parameters<Runner['rescue']>[0]): void {
    this.runner
      .rescue(lease)
      .catch(error => this.log.warn(`Can't run "${lease.name}" again: ${messageOf(error)}`, { entry: lease.name }));
  }
}
