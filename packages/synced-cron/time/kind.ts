const secondMs = 1000;
const minuteMs = 60_000;
const hourMs = 3_600_000;

/** What the text or the cron expression says about the hours, beyond later's numbers. */
export interface Hint {
  /** `stepping`: every so many hours; `window`: minutes that repeat within a range of hours. */
  hours?: 'stepping' | 'window';
}

/** One part of a schedule in later's form: names of fields with their values. */
export type Part = Record<string, number[]>;

/** How a part of a schedule behaves when the clocks are set. */
export type Kind =
  /** Moments on the time line (`fullDate`), which no clock moves. */
  | { kind: 'dates' }
  /** Fixed times of the day: each wall-clock time happens once. */
  | { kind: 'fixed' }
  /** An interval, by elapsed time; `periodMs` is its longest pause. */
  | { kind: 'interval'; periodMs: number };

/**
 * Tells fixed times from intervals. "30 2 * * *" and "at 2:30 am" name an hour: fixed. "every 10 minutes",
 * "0 * * * *" and "every 2 hours" repeat through the day: intervals. Days, weeks and months begin at a fixed midnight.
 */
export function kindOf(part: Part, hint: Hint = {}): Kind {
  if (Object.keys(part).every(field => field === 'fd')) return { kind: 'dates' };
  if (part.t) return { kind: 'fixed' };
  const hours = part.h && part.h.length < 24 ? part.h : undefined;
  if (hours) return kindWithHours(part, hours, hint);
  return repeatsWithinTheHour(part) ? interval(part) : { kind: 'fixed' };
}

function kindWithHours(part: Part, hours: number[], hint: Hint): Kind {
  const step = stepOf(hours);
  if (hint.hours === 'stepping' && step) return { kind: 'interval', periodMs: step * hourMs };
  if (hint.hours === 'window' && (part.m || part.s)) return interval(part);
  return { kind: 'fixed' };
}

function repeatsWithinTheHour(part: Part): boolean {
  return Boolean(part.h || part.m || part.s || Object.keys(part).some(field => /^[thms]_[ab]$/.test(field)));
}

function interval(part: Part): Kind {
  if (part.m) return { kind: 'interval', periodMs: longestPause(part.m, 60) * minuteMs };
  if (part.s) return { kind: 'interval', periodMs: longestPause(part.s, 60) * secondMs };
  return { kind: 'interval', periodMs: hourMs };
}

/** The step of hours that go evenly through the whole day, as 0, 5, 10, 15, 20; undefined for any others. */
function stepOf(hours: number[]): number | undefined {
  const sorted = [...hours].sort((a, b) => a - b);
  const first = sorted[0]!;
  const step = (sorted[1] ?? 24) - first;
  const even = sorted.every((hour, nth) => hour === first + nth * step);
  return even && first < step && sorted[sorted.length - 1]! + step > 23 && sorted.length > 1 ? step : undefined;
}

function longestPause(values: number[], cycle: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.max(...sorted.map((value, nth) => (sorted[nth + 1] ?? sorted[0]! + cycle) - value));
}
