import type { Clock } from '../clock';
import type { Entry } from '../entry';
import type { Log } from '../log';
import type { Timetable } from '../time/timetable';
import { mostMissed } from './missed';

/** The timer checks the clock at least this often, so that it soon notices a clock change. */
const longestSleepMs = 30_000;
/**
 * Occurrences within this time run late if the process could not see them (it was suspended, or the clock set forward).
 */
const lateMs = 2 * 3_600_000;
const mostLate = 1000;
/** A clock that is set back further than this was wrong before: waiting for its old time could take years. */
const backMs = 86_400_000;

export interface Scheduled {
  entry: Entry;
  timetable: Timetable;
}

interface Armed extends Scheduled {
  /** All occurrences up to here have been started. */
  until: number;
  next: number | undefined;
}

/** Starts these occurrences of an entry, in order; `late` when they are made up for. */
export type StartRuns = (scheduled: Scheduled, occurrences: number[], late: boolean) => void;

/**
 * One timer for all entries. The scheduler remembers which occurrences it has started, and does not rely on the timer:
 * it starts each one once, when the clock has reached it, however the clock was set before.
 */
export class Scheduler {
  private readonly armed = new Map<string, Armed>();
  private cancelTimer: (() => void) | undefined;
  private lookedAt = 0;

  constructor(
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly startRuns: StartRuns,
  ) {}

  /** @returns the entry's first occurrence from now on */
  arm({ entry, timetable }: Scheduled): number | undefined {
    const until = this.clock.now() - 1;
    const next = timetable.next(until);
    if (this.armed.size === 0) this.lookedAt = this.clock.now();
    this.armed.set(entry.name, { entry, timetable, until, next });
    this.setTimer();
    return next;
  }

  disarm(name: string): void {
    this.armed.delete(name);
    this.setTimer();
  }

  disarmAll(): void {
    this.armed.clear();
    this.setTimer();
  }

  private setTimer(): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    if (this.armed.size === 0) return;
    const nexts = [...this.armed.values()].flatMap(({ next }) => next ?? []);
    const wait = Math.min(...nexts, Number.POSITIVE_INFINITY) - this.clock.now();
    this.cancelTimer = this.clock.after(Math.min(Math.max(wait, 1), longestSleepMs), () => this.look());
  }

  private look(): void {
    const now = this.clock.now();
    const away = now - this.lookedAt > lateMs;
    this.lookedAt = now;
    for (const armed of [...this.armed.values()]) {
      if (now < armed.until - backMs) this.reset(armed, now);
      else if (armed.next !== undefined && armed.next <= now) this.startDue(armed, now, away);
    }
    this.setTimer();
  }

  private startDue(armed: Armed, now: number, away: boolean): void {
    const { entry, timetable, until } = armed;
    const max = away ? mostMissed(entry) : mostLate;
    const due = max > 0 ? timetable.newest(until, now, max) : [];
    armed.until = now;
    armed.next = timetable.next(now);
    if (away || due.length === max)
      this.log.warn(`"${entry.name}" was late: ${due.length} of its runs are made up for.`, { entry: entry.name });
    if (armed.next === undefined) this.log.info(`No more future events for "${entry.name}".`, { entry: entry.name });
    if (due.length > 0) this.startRuns(armed, due, due.length > 1);
  }

  private reset(armed: Armed, now: number): void {
    this.log.warn(`The clock was set back by more than a day: "${armed.entry.name}" goes on from now.`, {
      entry: armed.entry.name,
    });
    armed.until = now;
    armed.next = armed.timetable.next(now);
  }
}
