import type { ScheduleData } from '@breejs/later';
import type { Hint, Part } from '../time/kind';
import { type CronDays, hasAnyDay, partsOfDays } from './cron-days';
import { type Field, type Item, numberOfSteps, readItem, specialDay, specialWeekday } from './cron-field';
import type { Parsed } from './text';

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const second: Field = { name: 'second', min: 0, max: 59 };
const minute: Field = { name: 'minute', min: 0, max: 59 };
const hour: Field = { name: 'hour', min: 0, max: 23 };
const dayOfMonth: Field = { name: 'day of the month', min: 1, max: 31, special: specialDay };
const month: Field = { name: 'month', min: 1, max: 12, names: months };
// 7 is a Sunday, as 0 is.
const dayOfWeek: Field = { name: 'day of the week', min: 0, max: 7, cycle: 7, names: days, special: specialWeekday };
const year: Field = { name: 'year', min: 1970, max: 2099 };
const fields = [second, minute, hour, dayOfMonth, month, dayOfWeek, year];

const macros: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** One item of a field's list, with its place in the expression. */
interface Place {
  text: string;
  position: number;
  item: Item;
}

/** One field of an expression; `places` is empty if the field is open (`*`, `?`). */
interface CronPart {
  field: Field;
  text: string;
  places: Place[];
}

/**
 * Parses a cron expression: minute, hour, day of the month, month, day of the week, and optionally the year; with
 * `hasSeconds` the seconds come first.
 *
 * @throws Error with the expression, the field, and the part that doesn't parse or that no date can match.
 */
export function parseCron(expression: string, hasSeconds = false): Parsed {
  if (typeof expression !== 'string') throw new Error(`a cron expression is a string, got ${typeof expression}`);
  const macro = expression.trim().toLowerCase();
  // Without seconds, even with `hasSeconds`: a macro has none.
  return macro.startsWith('@') ? parseMacro(expression, macro) : parseFields(expression, hasSeconds);
}

function parseMacro(expression: string, macro: string): Parsed {
  if (Object.hasOwn(macros, macro)) return parseFields(macros[macro]!, false);
  const known = Object.keys(macros).join(', ');
  throw new Error(`the cron expression "${expression}" doesn't parse: of these, there are ${known}`);
}

function parseFields(expression: string, hasSeconds: boolean): Parsed {
  const parts = split(expression, hasSeconds);
  refuseNever(expression, parts);
  return { schedule: scheduleOf(parts), hint: hintOf(parts), warnings: parts.flatMap(tooLong) };
}

function split(expression: string, hasSeconds: boolean): CronPart[] {
  const min = hasSeconds ? 6 : 5;
  const own = fields.slice(hasSeconds ? 0 : 1);
  const found = [...expression.matchAll(/\S+/g)];
  if (found.length < min || found.length > min + 1) {
    throw new Error(
      `the cron expression "${expression}" has ${found.length} fields, it needs ${min} or ${min + 1}: ` +
        own.map(({ name }) => name).join(', '),
    );
  }
  return found.map(({ 0: text, index }, nth) => {
    const field = own[nth]!;
    return { field, text, places: /^[*?]$/.test(text) ? [] : placesOf(expression, text, index, field) };
  });
}

function placesOf(expression: string, text: string, start: number, field: Field): Place[] {
  let position = start;
  return text.split(',').map(one => {
    const item = readItem(one.toLowerCase(), field);
    if (!item) throw new Error(stoppedAt(expression, one, position, field));
    const place = { text: one, position, item };
    position += one.length + 1;
    return place;
  });
}

function stoppedAt(expression: string, item: string, position: number, { name, min, max, names }: Field): string {
  return (
    `the cron expression "${expression}" doesn't parse: it stopped at "${item}" in the ${name} ` +
    `(position ${position}), which takes ${min} to ${max}${names ? ` or ${names.join(', ')}` : ''}`
  );
}

/**
 * Refuses a day that the other fields rule out, since it would never run: `31W` in April, the 5th Friday of a short
 * February.
 */
function refuseNever(expression: string, parts: CronPart[]): void {
  const named = daysNamed(parts);
  for (const [field, key] of [
    [dayOfMonth, 'days'],
    [dayOfWeek, 'weekdays'],
  ] as const) {
    const never = placesIn(parts, field).find(({ item }) => !hasAnyDay({ ...named, [key]: [item] }));
    if (!never) continue;
    throw new Error(
      `the schedule never happens: the cron expression "${expression}" has "${never.text}" in the ${field.name} ` +
        `(position ${never.position}), and no date matches that together with its other fields`,
    );
  }
}

function daysNamed(parts: CronPart[]): CronDays {
  const itemsOf = (field: Field) => placesIn(parts, field).map(({ item }) => item);
  const [ofMonth, ofWeek] = [itemsOf(dayOfMonth), itemsOf(dayOfWeek)];
  return {
    ...(ofMonth.length > 0 && { days: ofMonth }),
    ...(ofWeek.length > 0 && { weekdays: ofWeek }),
    ...valuesAs('months', parts, month),
    ...valuesAs('years', parts, year),
  };
}

/** In later's form, since users may join the schedules of several expressions. */
function scheduleOf(parts: CronPart[]): ScheduleData {
  const times: Part = {
    // Without a list of seconds, later would treat the whole minute as one occurrence.
    s: secondsOf(parts),
    ...valuesAs('m', parts, minute),
    ...valuesAs('h', parts, hour),
  };
  return { schedules: partsOfDays(daysNamed(parts)).map(days => ({ ...times, ...days })), exceptions: [] };
}

function secondsOf(parts: CronPart[]): number[] {
  const part = parts.find(({ field }) => field === second);
  if (!part) return [0];
  return part.places.length > 0 ? valuesIn(part.places) : Array.from({ length: 60 }, (_, nth) => nth);
}

function valuesAs<Key extends string>(key: Key, parts: CronPart[], field: Field): { [key in Key]?: number[] } {
  const places = placesIn(parts, field);
  return (places.length > 0 ? { [key]: valuesIn(places) } : {}) as { [key in Key]?: number[] };
}

function valuesIn(places: Place[]): number[] {
  const values = new Set(places.flatMap(({ item }) => (item.kind === 'values' ? item.values : [])));
  return [...values].sort((a, b) => a - b);
}

function placesIn(parts: CronPart[], wanted: Field): Place[] {
  return parts.find(({ field }) => field === wanted)?.places ?? [];
}

/** A step counts within its field: of a step of 90 minutes only minute 0 of each hour is left. */
function tooLong({ places, field: { name, min, max } }: CronPart): string[] {
  const count = max - min + 1;
  return places
    .filter(({ text }) => numberOfSteps(text) > count)
    .map(
      ({ text }) => `"${text}" steps over all that the ${name} counts (${min} to ${max}): only its first value is left`,
    );
}

/** A star or a step means an interval: of the hours, or of the minutes within a range of hours. */
function hintOf(parts: CronPart[]): Hint {
  const [ofMinute, ofHour] = [minute, hour].map(wanted => parts.find(({ field }) => field === wanted)!.text);
  if (/^(\*|\d+|\d+-\d+)\/\d+$/.test(ofHour!)) return { hours: 'stepping' };
  if (/^\d+-\d+$/.test(ofHour!) && /[*/]/.test(ofMinute!)) return { hours: 'window' };
  return {};
}
