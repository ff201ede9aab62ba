import type { ScheduleData } from '@breejs/later';
import { nextFixed } from './fixed';
import { nextOfInterval } from './interval';
import { type Hint, kindOf, type Part } from './kind';
import { WallSchedule } from './wall';
import type { Zone } from './zone';

/** Fields that select days, and not the time of the day. */
const daysOnly = ['D', 'd', 'M', 'Y'];

type Next = (after: number) => number | undefined;

/** The occurrences of a schedule in a time zone. Pure; all times are epoch milliseconds. */
export class Timetable {
  private readonly parts: Next[];

  constructor(schedule: ScheduleData, zone: Zone, hint: Hint = {}) {
    const exceptions = schedule.exceptions ?? [];
    this.parts = alike(schedule.schedules).map(parts => nextOf(parts, exceptions, zone, hint));
  }

  /** The first occurrence strictly after an instant; undefined when there is none up to the year 2100. */
  next(after: number): number | undefined {
    const candidates = this.parts.map(next => next(after)).filter(instant => instant !== undefined);
    return candidates.length > 0 ? Math.min(...candidates) : undefined;
  }

  /** The occurrences in `from < instant <= to`, in order, at most `limit` of them. */
  between(from: number, to: number, limit = Number.POSITIVE_INFINITY): number[] {
    const found: number[] = [];
    let at = this.next(from);
    while (at !== undefined && at <= to && found.length < limit) {
      found.push(at);
      at = this.next(at);
    }
    return found;
  }

  /** The newest occurrences in `from < instant <= to`, in order, at most `limit`; cheap however long ago `from` is. */
  newest(from: number, to: number, limit: number): number[] {
    for (let span = 60_000; ; span *= 4) {
      const start = Math.max(from, to - span);
      const found = this.between(start, to);
      if (found.length >= limit || start === from) return found.slice(-limit);
    }
  }
}

/** Groups parts that differ only in their days: an interval continues from the days of one to those of another. */
function alike(parts: Part[]): Part[][] {
  const byTimes = new Map<string, Part[]>();
  for (const part of parts) {
    const times = JSON.stringify(Object.entries(part).filter(([field]) => !daysOnly.includes(field)));
    byTimes.set(times, [...(byTimes.get(times) ?? []), part]);
  }
  return [...byTimes.values()];
}

function nextOf(parts: Part[], exceptions: Part[], zone: Zone, hint: Hint): Next {
  const kind = kindOf(parts[0]!, hint);
  if (kind.kind === 'dates' && exceptions.length === 0) return nextOfDates(parts[0]!.fd ?? []);
  const onWalls = (those: Part[]) => those.map(part => onWall(part, zone));
  const wall = new WallSchedule({ schedules: onWalls(parts), exceptions: onWalls(exceptions) });
  if (kind.kind === 'interval') return after => nextOfInterval(wall, zone, after, kind.periodMs);
  return after => nextFixed(wall, zone, after);
}

function nextOfDates(dates: number[]): Next {
  const sorted = [...dates].sort((a, b) => a - b);
  return after => sorted.find(date => date > after);
}

/** Dates among other fields (`every(10).minute().after(date).fullDate()`) are instants; the rest is wall-clock time. */
function onWall(part: Part, zone: Zone): Part {
  return Object.fromEntries(
    Object.entries(part).map(([field, values]) => [
      field,
      /^fd(_|$)/.test(field) ? values.map(date => date + zone.offsetAt(date)).sort((a, b) => a - b) : values,
    ]),
  );
}
