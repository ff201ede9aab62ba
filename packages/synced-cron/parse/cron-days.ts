import type { Part } from '../time/kind';
import type { Item } from './cron-field';

/** The days that a cron expression names. An open field names all. */
export interface CronDays {
  days?: Item[];
  weekdays?: Item[];
  months?: number[];
  years?: number[];
}

/** A day as an expression sees it: the days of a month follow from its length alone. */
interface Day {
  day: number;
  /** 0 is Sunday. */
  weekday: number;
  /** The last day of its month. */
  last: number;
}

/** Months of one length, in later's numbers. */
interface Months {
  last: number;
  M?: number[];
  Y?: number[];
}

const upTo = (last: number) => Array.from({ length: last }, (_, nth) => nth + 1);
const everyWeekday = [0, 1, 2, 3, 4, 5, 6];
const [saturday, sunday] = [6, 0];
/** The length of the shortest month. */
const shortest = 28;
const isLeap = (year: number) => year % 4 === 0;
/** The years that later knows; 2000 is a leap year, so that each fourth is one. */
const everyYear = Array.from({ length: 130 }, (_, nth) => 1970 + nth);
const shortMonths = [4, 6, 9, 11];

/**
 * Writes the days of a cron expression as parts of a schedule for later, of plain days only: days of the month,
 * weekdays, months and years. What depends on the length of the month (`L`, `5L`, `31W`) has parts for each length.
 */
export function partsOfDays(named: CronDays): Part[] {
  const { months, years } = named;
  const longest = { last: 31, ...(months && { M: months }), ...(years && { Y: years }) };
  const isFlexible = [...(named.days ?? []), ...(named.weekdays ?? [])].some(dependsOnLength);
  return (isFlexible ? monthsByLength(named) : [longest]).flatMap(those => partsIn(those, named));
}

/** Whether there is any such day in the months and years that the expression names. */
export function hasAnyDay(named: CronDays): boolean {
  return monthsByLength(named).some(months => partsIn(months, named).length > 0);
}

function dependsOnLength(item: Item): boolean {
  const { kind } = item;
  return kind === 'lastDay' || kind === 'lastOf' || (kind === 'nearestWeekday' && item.day >= shortest);
}

function monthsByLength({ months = upTo(12), years }: CronDays): Months[] {
  const february = (last: number, ofSuch: (year: number) => boolean): Months => ({
    last,
    M: months.filter(month => month === 2),
    Y: (years ?? everyYear).filter(ofSuch),
  });
  const others = (last: number, M: number[]): Months => ({ last, M, ...(years && { Y: years }) });
  return [
    others(
      31,
      months.filter(month => month !== 2 && !shortMonths.includes(month)),
    ),
    others(
      30,
      months.filter(month => shortMonths.includes(month)),
    ),
    february(29, isLeap),
    february(28, year => !isLeap(year)),
  ].filter(({ M, Y }) => M!.length > 0 && Y?.length !== 0);
}

/** Makes one part for all weekdays that fall on the same days. */
function partsIn({ last, ...among }: Months, named: CronDays): Part[] {
  const byDays = new Map<string, Part>();
  for (const weekday of everyWeekday) {
    const D = upTo(last).filter(day => isNamed({ day, weekday, last }, named));
    const part = byDays.get(D.join()) ?? { D, d: [] };
    // later counts weekdays from 1.
    part.d!.push(weekday + 1);
    if (D.length > 0) byDays.set(D.join(), part);
  }
  return [...byDays.values()].map(part => ({ ...restricting(part, last), ...among }));
}

/** Removes the lists that name all values. */
function restricting({ D, d }: Part, last: number): Part {
  return { ...(D!.length < last && { D: D! }), ...(d!.length < 7 && { d: d! }) };
}

function isNamed(day: Day, { days, weekdays }: CronDays): boolean {
  const isAmong = (items: Item[] | undefined, value: number) => !items || items.some(item => matches(item, value, day));
  return isAmong(days, day.day) && isAmong(weekdays, day.weekday);
}

function matches(item: Item, value: number, { day, weekday, last }: Day): boolean {
  switch (item.kind) {
    case 'values':
      return item.values.includes(value);
    case 'lastDay':
      return day === last;
    case 'lastOf':
      return weekday === item.weekday && day > last - 7;
    case 'nthOf':
      return weekday === item.weekday && Math.ceil(day / 7) === item.nth;
    case 'nearestWeekday':
      return item.day <= last && day === nearestWeekday(item.day, modulo7(weekday + item.day - day), last);
  }
}

/** Monday to Friday nearest to a day, never in another month. */
function nearestWeekday(day: number, itsWeekday: number, last: number): number {
  if (itsWeekday === saturday) return day > 1 ? day - 1 : day + 2;
  if (itsWeekday === sunday) return day < last ? day + 1 : day - 2;
  return day;
}

function modulo7(number: number): number {
  return ((number % 7) + 7) % 7;
}
