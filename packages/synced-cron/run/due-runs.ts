import { type Clock, pause } from '../clock';
import type { Entry } from '../entry';
import { type Log, messageOf } from '../log';
import type { Store } from '../store/store';
import { catchesUp, missedRuns } from './missed';
import type { RunOutcome } from './record';
import type { Runner } from './runner';
import type { Scheduled } from './scheduler';

const retryMs = 1000;

interface DueRunsOptions {
  clock: Clock;
  log: Log;
  runner: Runner;
  store(): Store;
  /** Whether the entry is still scheduled. */
  isActive(entry: Entry): boolean;
  /** Occurrences up to there are left out. */
  leftOutUntil(entry: Entry): Promise<number>;
}

/**
 * Runs due and missed occurrences, each entry's in order. For entries that make up for missed runs, it marks up to when
 * all have been dealt with.
 */
export class DueRuns {
  /** Entries with older runs still to come: a newer finished run says nothing about those. */
  private readonly behind = new Set<Entry>();

  constructor(private readonly options: DueRunsOptions) {}

  /** @param late whether they wait for the entry, however long its last run takes */
  async run(scheduled: Scheduled, occurrences: number[], late: boolean): Promise<void> {
    const { entry } = scheduled;
    // One series of late runs at a time: an occurrence that falls due meanwhile gives way, as ever.
    const patient = late && !this.behind.has(entry);
    const reached = await (patient
      ? this.fallenBehind(entry, () => this.runAll(entry, occurrences, true))
      : this.runAll(entry, occurrences, false));
    if (!reached) await this.makeUp(scheduled, this.options.clock.now());
  }

  /** Runs the occurrences that the entry has missed up to an instant; retries until the database answers. */
  async makeUp(scheduled: Scheduled, before: number): Promise<void> {
    const { entry } = scheduled;
    if (!this.behind.has(entry)) await this.fallenBehind(entry, () => this.catchUp(scheduled, before));
  }

  private async catchUp({ entry, timetable }: Scheduled, before: number): Promise<void> {
    const { store, clock, log, isActive, leftOutUntil } = this.options;
    for (let until = before; isActive(entry); until = clock.now()) {
      try {
        const all = await missedRuns(entry, timetable, store(), until);
        const leftOut = all.length > 0 ? await leftOutUntil(entry) : 0;
        const missed = all.filter(occurrence => occurrence > leftOut);
        if (missed.length > 0) log.info(`"${entry.name}" makes up for ${count(missed)}.`, { entry: entry.name });
        if (await this.runAll(entry, missed, true)) break;
      } catch (error) {
        log.warn(`Can't tell what "${entry.name}" has missed: ${messageOf(error)}`, { entry: entry.name });
      }
      await pause(retryMs);
    }
  }

  /** During the work, however it ends, the entry counts as one with older runs still to come. */
  private async fallenBehind<T>(entry: Entry, work: () => Promise<T>): Promise<T> {
    this.behind.add(entry);
    try {
      return await work();
    } finally {
      this.behind.delete(entry);
    }
  }

  /** For entries that don't make up for runs: if they later do, an old mark would name runs that nobody has missed. */
  async forget({ name }: Entry): Promise<void> {
    const { store, log } = this.options;
    await store()
      .marks.remove(name)
      .catch(error => log.warn(`Can't remove the mark of "${name}": ${messageOf(error)}`, { entry: name }));
  }

  /** @returns false if runs are left to make up for, since the database could not be reached */
  private async runAll(entry: Entry, occurrences: number[], patient: boolean): Promise<boolean> {
    const { isActive, runner } = this.options;
    for (const occurrence of occurrences) {
      if (!isActive(entry)) return true;
      const intendedAt = new Date(Math.floor(occurrence / 1000) * 1000);
      // With its mark: whoever waits for the last run of a process waits for both.
      if (!(await runner.tracked(this.runAndMark(entry, intendedAt, patient)))) return false;
    }
    return true;
  }

  private async runAndMark(entry: Entry, intendedAt: Date, patient: boolean): Promise<boolean> {
    const run = await this.runOne(entry, intendedAt, patient);
    if (!catchesUp(entry) || wasStopped(run)) return true;
    if (wasOutOfReach(run)) return false;
    if (patient || !this.behind.has(entry)) await this.mark(entry, intendedAt);
    return true;
  }

  private async runOne(entry: Entry, intendedAt: Date, patient: boolean): Promise<RunOutcome> {
    const { runner, isActive, leftOutUntil, log } = this.options;
    const isLeftOut = async () => intendedAt.getTime() <= (await leftOutUntil(entry));
    try {
      return await runner.run(entry, intendedAt, { patient, isActive: () => isActive(entry), isLeftOut });
    } catch (error) {
      log.error(`"${entry.name}": ${messageOf(error)}`, { entry: entry.name });
      return { status: 'skipped', intendedAt, reason: 'failed' };
    }
  }

  private async mark({ name }: Entry, until: Date): Promise<void> {
    const { store, log } = this.options;
    await store()
      .marks.move(name, until)
      .catch(error => log.warn(`Can't mark "${name}": ${messageOf(error)}`, { entry: name }));
  }
}

function wasStopped(run: RunOutcome): boolean {
  return run.status === 'skipped' && run.reason === 'stopped';
}

function wasOutOfReach(run: RunOutcome): boolean {
  return run.status === 'skipped' && run.reason === 'failed';
}

function count({ length }: number[]): string {
  return length === 1 ? '1 missed run' : `${length} missed runs`;
}
