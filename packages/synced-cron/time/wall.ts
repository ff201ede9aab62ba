import later, { type Occurrences, type ScheduleData } from '@breejs/later';

const second = 1000;
/** later counts years up to 2099, and gives wrong answers after them if a schedule can't be met. */
const endOfTime = Date.UTC(2100, 0, 1);
/** later can't count weeks of the year before 1971. */
const beginningOfTime = Date.UTC(1972, 0, 1);

/**
 * later's occurrences on a clock that is never set: a wall-clock time is written as if it were UTC. Other files apply
 * the time zones, since later's own handling of local time repeats and skips occurrences.
 */
export class WallSchedule {
  private readonly occurrences: Occurrences;

  constructor(schedule: ScheduleData) {
    this.occurrences = later.schedule(schedule);
  }

  /** The first occurrence strictly after a wall-clock time; all times in milliseconds. */
  nextAfter(wall: number): number | undefined {
    const from = Math.max(Math.floor(wall / second) * second, beginningOfTime);
    // This mode belongs to the whole module, and other code in this process may have changed it.
    later.date.UTC();
    const found = this.occurrences.next(2, new Date(from));
    const dates = Array.isArray(found) ? found : found ? [found] : [];
    // Asked for a time within an occurrence ("10:05" of "every 1 hour"), later gives that time back, which is no
    // beginning.
    const next = dates.find(date => date !== undefined && date.getTime() > from);
    if (!next || next.getTime() >= endOfTime || !this.occurrences.isValid(next)) return undefined;
    return next.getTime();
  }
}
