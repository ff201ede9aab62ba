/** The values that one field of a cron expression takes. */
export interface Field {
  name: string;
  min: number;
  max: number;
  /** Names that stand for the numbers from `min` on. */
  names?: string[];
  /** The number of values after which it begins again: day 7 of a week is day 0. */
  cycle?: number;
  /** Parses the forms that only this field takes: `L`, `15W`, `5L`, `1#2`. */
  special?(item: string, field: Field): Item | undefined;
}

/** One item of a field's list. */
export type Item =
  | { kind: 'values'; values: number[] }
  /** `L`: the last day of the month. */
  | { kind: 'lastDay' }
  /** `15W`: the weekday (Monday to Friday) nearest to a day, in the same month. */
  | { kind: 'nearestWeekday'; day: number }
  /** `1#2`: the second Monday of the month. */
  | { kind: 'nthOf'; weekday: number; nth: number }
  /** `5L`: the last Friday of the month. */
  | { kind: 'lastOf'; weekday: number };

/** Reads one item of a list, in small letters: `5`, `mon`, `1-5`, `*`, `10-40/5`; undefined when it is none. */
export function readItem(item: string, field: Field): Item | undefined {
  const { special: readSpecial, cycle = Number.POSITIVE_INFINITY } = field;
  const special = readSpecial?.(item, field);
  if (special) return special;
  const [range = '', steps, more] = item.split('/');
  const [from, to] = rangeOf(range, steps !== undefined, field);
  const step = steps === undefined ? 1 : stepOf(steps);
  if (more !== undefined || !(from <= to) || !(step >= 1)) return undefined;
  return { kind: 'values', values: everyNth(from, to, step).map(value => value % cycle) };
}

/** The `5` of an item such as `0-30/5`; 0 when it has none. */
export function numberOfSteps(item: string): number {
  return stepOf(item.split('/')[1] ?? '0');
}

/** The last day of the month by itself, and the weekday nearest to a day. */
export function specialDay(item: string, field: Field): Item | undefined {
  if (item === 'l') return { kind: 'lastDay' };
  const day = numberOf(/^(\d+)w$/.exec(item)?.[1], field);
  return Number.isNaN(day) ? undefined : { kind: 'nearestWeekday', day };
}

/** The last day of the week by itself (Saturday, as Sunday is 0), and one weekday of the month. */
export function specialWeekday(item: string, field: Field): Item | undefined {
  if (item === 'l') return { kind: 'values', values: [6] };
  const [, name, nth] = /^(\w+?)(?:l|#([1-5]))$/.exec(item) ?? [];
  const weekday = numberOf(name, field) % 7;
  if (Number.isNaN(weekday)) return undefined;
  return nth ? { kind: 'nthOf', weekday, nth: Number(nth) } : { kind: 'lastOf', weekday };
}

/** Both NaN if the item is no range of the field. `5/2` runs from 5 to the end, `5` alone is 5. */
function rangeOf(range: string, hasStep: boolean, field: Field): [number, number] {
  const { min, max, cycle = max + 1 } = field;
  if (range === '*') return [min, cycle - 1];
  const [first, last, more] = range.split('-');
  const from = numberOf(first, field);
  if (more !== undefined) return [Number.NaN, Number.NaN];
  if (last !== undefined) return [from, numberOf(last, field)];
  return [from, hasStep ? Math.max(from, cycle - 1) : from];
}

function stepOf(steps: string): number {
  return /^\d+$/.test(steps) ? Number(steps) : Number.NaN;
}

function everyNth(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, nth) => from + nth * step);
}

function numberOf(text = '', { names = [], min, max }: Field): number {
  const index = names.indexOf(text);
  const value = /^\d+$/.test(text) ? Number(text) : index < 0 ? Number.NaN : index + min;
  return value >= min && value <= max ? value : Number.NaN;
}
