import fc from 'fast-check';
import { type Entry, timetableOf } from '../../../packages/synced-cron/entry';
import { propertySize } from '../../support/property-size';

/** A day as a calendar on the wall shows it. */
interface Day {
  year: number;
  month: number;
  day: number;
  /** 0 is Sunday. */
  weekday: number;
}

/** An item of a list, with what it means to somebody who looks at a calendar. */
interface Named {
  text: string;
  means(day: Day): boolean;
}

const dayMs = 86_400_000;
const from = Date.UTC(2026, 0, 1);
/** The calendar repeats after 28 years, at least until 2100. */
const until = Date.UTC(2054, 0, 1);

function dayAt(at: number): Day {
  const date = new Date(at);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
  };
}

const calendar = Array.from({ length: (until - from) / dayMs }, (_, nth) => dayAt(from + nth * dayMs));

const daysByMonth = new Map<string, Day[]>();
for (const day of calendar) {
  const key = `${day.year}-${day.month}`;
  daysByMonth.set(key, [...(daysByMonth.get(key) ?? []), day]);
}

const monthOf = ({ year, month }: Day): Day[] => daysByMonth.get(`${year}-${month}`)!;

/** Of the weekdays of the month, the one nearest to a day that the month has. */
function nearestWeekday(to: number, day: Day): number | undefined {
  const month = monthOf(day);
  if (to > month.length) return undefined;
  const distance = (one: Day) => Math.abs(one.day - to);
  const weekdays = month.filter(({ weekday }) => weekday !== 0 && weekday !== 6);
  return weekdays.reduce((best, one) => (distance(one) < distance(best) ? one : best)).day;
}

function sameWeekday(day: Day, weekday: number): Day[] {
  return monthOf(day).filter(one => one.weekday === weekday);
}

const names = ['sun', 'MON', 'Tue', 'wed', 'thu', 'FRI', 'sat'];
const weekdayText = (weekday: number, style: number) =>
  style === 0 ? names[weekday]! : style === 1 && weekday === 0 ? '7' : `${weekday}`;

const dayNumber = fc.integer({ min: 1, max: 31 });
const weekdayNumber = fc.integer({ min: 0, max: 6 });
const style = fc.integer({ min: 0, max: 2 });

const daysOfMonth: fc.Arbitrary<Named> = fc.oneof(
  dayNumber.map(n => ({ text: `${n}`, means: ({ day }: Day) => day === n })),
  fc.tuple(dayNumber, dayNumber).map(([a, b]) => {
    const [low, high] = [Math.min(a, b), Math.max(a, b)];
    return { text: `${low}-${high}`, means: ({ day }: Day) => day >= low && day <= high };
  }),
  fc.tuple(dayNumber, fc.integer({ min: 1, max: 31 })).map(([n, step]) => ({
    text: `${n}/${step}`,
    means: ({ day }: Day) => day >= n && (day - n) % step === 0,
  })),
  fc.constant({ text: 'L', means: (day: Day) => day.day === monthOf(day).length }),
  dayNumber.map(n => ({ text: `${n}W`, means: (day: Day) => day.day === nearestWeekday(n, day) })),
);

const daysOfWeek: fc.Arbitrary<Named> = fc.oneof(
  fc
    .tuple(weekdayNumber, style)
    .map(([n, as]) => ({ text: weekdayText(n, as), means: ({ weekday }: Day) => weekday === n })),
  fc.tuple(weekdayNumber, fc.integer({ min: 0, max: 7 })).map(([a, b]) => {
    const [low, high] = [Math.min(a, b), Math.max(a, b)];
    const sunday = ({ weekday }: Day) => high === 7 && weekday === 0;
    const means = (day: Day) => (day.weekday >= low && day.weekday <= high) || sunday(day);
    return { text: `${low}-${high}`, means };
  }),
  fc.constant({ text: 'L', means: ({ weekday }: Day) => weekday === 6 }),
  fc.tuple(weekdayNumber, style).map(([n, as]) => ({
    text: `${weekdayText(n, as)}L`,
    means: (day: Day) => day.weekday === n && sameWeekday(day, n).at(-1)!.day === day.day,
  })),
  fc.tuple(weekdayNumber, style, fc.integer({ min: 1, max: 5 })).map(([n, as, nth]) => ({
    text: `${weekdayText(n, as)}#${nth}`,
    means: (day: Day) => day.weekday === n && sameWeekday(day, n)[nth - 1]?.day === day.day,
  })),
);

const months = fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 }).map(list => ({
  text: list.join(),
  means: ({ month }: Day) => list.includes(month),
}));

const years = fc.tuple(fc.integer({ min: 2026, max: 2050 }), fc.integer({ min: 0, max: 3 })).map(([first, more]) => ({
  text: more > 0 ? `${first}-${first + more}` : `${first}`,
  means: ({ year }: Day) => year >= first && year <= first + more,
}));

/** A field that is left open, or a list of items in any order. */
const openOr = (items: fc.Arbitrary<Named>, maxLength: number): fc.Arbitrary<Named[]> =>
  fc.oneof(fc.constant<Named[]>([]), fc.array(items, { minLength: 1, maxLength }));

const textOf = (items: Named[]) => items.map(({ text }) => text).join() || '*';
const meansAny = (items: Named[]) => (day: Day) => items.length === 0 || items.some(({ means }) => means(day));

const timesOfDay = fc.constantFrom(
  { text: '0 9', minutes: [540] },
  { text: '0 0', minutes: [0] },
  { text: '5,35 */12', minutes: [5, 35, 725, 755] },
  { text: '59 23', minutes: [1439] },
);

const expressions = fc.record({
  times: timesOfDay,
  days: openOr(daysOfMonth, 4),
  months: openOr(months, 1),
  weekdays: openOr(daysOfWeek, 4),
  years: openOr(years, 1),
});

/** The first occurrences of a cron expression, in UTC; its refusal instead. */
function occurrencesOf(expression: string, count: number): { dates: string[] } | { refused: string } {
  const schedule: Entry['schedule'] = parser => parser.cron(expression);
  try {
    const { timetable } = timetableOf({ name: 'x', schedule, job() {}, timezone: 'UTC' }, true);
    return { dates: timetable.between(from - 1, until - 1, count).map(at => new Date(at).toISOString()) };
  } catch (error) {
    return { refused: (error as Error).message };
  }
}

test('every list of days, weekdays, months and years means what a calendar says', () => {
  const count = 12;
  fc.assert(
    fc.property(expressions, ({ times, days, months, weekdays, years }) => {
      const [ofMonth, ofWeek, ofYear] = [meansAny(days), meansAny(weekdays), meansAny(months)];
      const among = calendar.filter(day => ofYear(day) && meansAny(years)(day));
      const named = among.filter(day => ofMonth(day) && ofWeek(day));
      const dates = named
        .slice(0, count)
        .flatMap(({ year, month, day }) =>
          times.minutes.map(minute => new Date(Date.UTC(year, month - 1, day, 0, minute)).toISOString()),
        );
      const hasNever = [...days, ...weekdays].some(
        ({ means }) => !among.some(day => means(day) && ofMonth(day) && ofWeek(day)),
      );

      const expression = `${times.text} ${textOf(days)} ${textOf(months)} ${textOf(weekdays)} ${textOf(years)}`;
      const seen = occurrencesOf(expression, count);
      if ('refused' in seen) {
        expect(seen.refused).toContain('the schedule never happens');
        expect(hasNever).toBe(true);
      } else {
        expect(seen.dates).toEqual(dates.slice(0, count));
        // A weekday that a few years don't have on some date is not looked for: that takes a calendar.
        expect(hasNever && years.length === 0).toBe(false);
      }
    }),
    { numRuns: 200 * propertySize },
  );
});

test.each([
  ['0 9 31W 5 *', '2026-05-29'],
  ['0 9 31W * * 2027', '2027-01-29'],
  ['0 9 28W 2 * 2027', '2027-02-26'],
  ['0 9 29W 2 *', '2028-02-29'],
  ['0 9 1W 8 *', '2026-08-03'],
  ['0 9 15W * 1', '2026-02-16'],
  ['0 9 15W,20 * *', '2026-01-15'],
  ['0 9 L * 5', '2026-07-31'],
  ['0 9 * * 5L,1', '2026-01-05'],
  ['0 9 * * 3#3,1', '2026-01-05'],
  ['0 9 * * L', '2026-01-03'],
  ['0 9 * 2 5#5', '2036-02-29'],
])('"%s" happens first on %s', (expression, date) => {
  const seen = occurrencesOf(expression, 1);
  expect(seen).toEqual({ dates: [`${date}T09:00:00.000Z`] });
});

test.each([
  ['0 9 31W 4 *', '"31W" in the day of the month (position 4)'],
  ['0 9 15,31W 4,6 *', '"31W" in the day of the month (position 7)'],
  ['0 9 15W * 6', '"15W" in the day of the month (position 4)'],
  ['0 9 15W * 1,6', '"6" in the day of the week (position 12)'],
  ['0 9 30 2 *', '"30" in the day of the month (position 4)'],
  ['0 9 * 2 5#5 2027', '"5#5" in the day of the week (position 8)'],
])('"%s" is refused, since a part of it never happens: %s', (expression, place) => {
  expect(occurrencesOf(expression, 1)).toEqual({ refused: expect.stringContaining(place) });
});

test.each([
  ...['0W', '32W', 'W', 'W15', '1-5W', '15W-17', '15W/2', 'LW', 'L-3', '1-L', 'L/2', '*W', '5L', '1#1', 'L15'].map(
    item => `0 9 ${item} * *`,
  ),
  ...['6#6', '1#0', '1#', '#1', '8L', '8#1', '1-3#1', 'L1', 'LL', '5W', 'jan#1', '5L#2', '1#2#3', '1#1.5'].map(
    item => `0 9 * * ${item}`,
  ),
  ...['L * * * *', '0 L * * *', '0 9 * L *', '0 9 * * * L', '5W * * * *', '1#1 * * * *'],
])('"%s" is refused, since it stands in the wrong place or is none', expression => {
  expect(occurrencesOf(expression, 1)).toEqual({ refused: expect.stringContaining("doesn't parse: it stopped at") });
});

test('a star for the seconds means each second, whatever stands beside it', () => {
  const schedule: Entry['schedule'] = parser => parser.cron('* 5 9 * * *', true);
  const { timetable } = timetableOf({ name: 'x', schedule, job() {}, timezone: 'UTC' }, true);
  const occurrences = timetable.between(from, from + dayMs);
  expect(occurrences).toHaveLength(60);
  expect(occurrences[1]! - occurrences[0]!).toBe(1000);
});
