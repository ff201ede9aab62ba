import type { Clock } from '../clock';
import { type Entry, isShared } from '../entry';
import type { Log } from '../log';
import type { Store } from '../store/store';
import type { Timetable } from '../time/timetable';
import { DueRuns } from './due-runs';
import { catchesUp } from './missed';
import { Rescuer } from './rescuer';
import type { Runner } from './runner';
import { Scheduler } from './scheduler';

interface OccurrencesOptions {
  clock: Clock;
  log: Log;
  runner: Runner;
  store(): Store;
  entries: Record<string, Entry>;
}

/** Brings the occurrences of scheduled entries to the runner: those that fall due, those missed, those left by the dead. */
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

  /** Schedules an entry, and says when it runs next. */
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

  /** For good; jobs at work go on. */
  stop(): void {
    this.stopped = true;
    this.scheduler.disarmAll();
    this.rescuer?.stop();
  }

  /** From the first entry on that other processes run as well. */
  private watchOver(): void {
    const { store, runner, entries, log } = this.options;
    this.rescuer ??= new Rescuer(store(), runner, () => Object.keys(entries), log);
    this.rescuer.start();
  }
}
