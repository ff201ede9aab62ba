import type { Clock } from '../clock';
import { type Entry, isShared } from '../entry';
import { type Log, messageOf } from '../log';
import type { Store } from '../store/store';
import type { Timetable } from '../time/timetable';
import { missedRuns } from './missed';
import { Rescuer } from './rescuer';
import { makesUp, type Runner } from './runner';
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
  private rescuer: Rescuer | undefined;
  private stopped = false;

  constructor(private readonly options: OccurrencesOptions) {
    const { clock, log } = options;
    this.scheduler = new Scheduler(clock, log, (entry, occurrences, late) => {
      void this.runAll(entry, occurrences, late);
    });
  }

  /** Schedules an entry, and says when it runs next. */
  schedule(entry: Entry, timetable: Timetable): void {
    const { clock, log, store } = this.options;
    const armedAt = clock.now();
    const next = this.scheduler.arm(entry, timetable);
    if (next === undefined) log.warn(`No more future events for "${entry.name}".`);
    else log.info(`Scheduled "${entry.name}" next run @${new Date(next)}`);
    if (isShared(entry)) this.watchOver();
    if (makesUp(entry)) void this.makeUp(entry, () => missedRuns(entry, timetable, store(), armedAt));
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

  private async makeUp(entry: Entry, missed: () => Promise<number[]>): Promise<void> {
    const { log } = this.options;
    try {
      const occurrences = await missed();
      if (occurrences.length === 0) return;
      log.info(`"${entry.name}" makes up for ${occurrences.length} missed runs.`);
      await this.runAll(entry, occurrences, true);
    } catch (error) {
      log.error(`Can't tell what "${entry.name}" has missed: ${messageOf(error)}`);
    }
  }

  private async runAll(entry: Entry, occurrences: number[], late: boolean): Promise<void> {
    const { runner, entries, log } = this.options;
    const goesOn = () => !this.stopped && entries[entry.name] === entry;
    for (const occurrence of occurrences) {
      if (!goesOn()) return;
      const intendedAt = new Date(Math.floor(occurrence / 1000) * 1000);
      await runner
        .run(entry, intendedAt, { patient: late, goesOn })
        .catch(error => log.error(`"${entry.name}": ${messageOf(error)}`));
    }
  }
}
