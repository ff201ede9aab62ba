import later from '@breejs/later';
import type { Hint } from '../time/kind';
import type { Parsed } from './text';

interface Field {
  name: string;
  min: number;
  max: number;
  names?: string[];
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const fields: Field[] = [
  { name: 'second', min: 0, max: 59 },
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of the month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: months },
  { name: 'day of the week', min: 0, max: 7, names: days },
  { name: 'year', min: 1970, max: 2099 },
];
const [minuteAt, hourAt, weekdayAt] = [1, 2, 5];
const macros = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@hourly'];

/**
 * Parses a cron expression: minute, hour, day of the month, month, day of the week, and if you like the year; with
 * `hasSeconds` the seconds come first.
 *
 * @throws Error with the expression, the field and the part of it that doesn't parse; later itself takes anything.
 */
export function parseCron(expression: string, hasSeconds = false): Parsed {
  if (typeof expression !== 'string') throw new Error(`a cron expression is a string, got ${String(expression)}`);
  const text = expression.trim();
  if (macros.includes(text.toLowerCase())) {
    // later doesn't know its macros when it is told of seconds.
    const hint: Hint = text.toLowerCase() === '@hourly' ? { hours: 'stepping' } : {};
    return { schedule: later.parse.cron(text), hint, warnings: [] };
  }
  const parts = text.split(/\s+/);
  checkCount(expression, parts, hasSeconds);
  const offset = hasSeconds ? 0 : 1;
  for (const [nth, part] of parts.entries()) checkField(expression, part, fields[nth + offset]!);
  const at = (field: number) => parts[field - offset] ?? '*';
  const sundays = parts.map((part, nth) => (nth + offset === weekdayAt ? withSundayAsZero(part) : part));
  return {
    schedule: later.parse.cron(sundays.join(' '), hasSeconds),
    hint: hintOf(at(minuteAt!), at(hourAt!)),
    warnings: [],
  };
}

function checkCount(expression: string, parts: string[], hasSeconds: boolean): void {
  const least = hasSeconds ? 6 : 5;
  if (parts.length >= least && parts.length <= least + 1) return;
  const order = fields.slice(hasSeconds ? 0 : 1).map(({ name }) => name);
  throw new Error(
    `the cron expression "${expression}" has ${parts.length} fields, it needs ${least} or ${least + 1}: ${order.join(', ')}`,
  );
}

function checkField(expression: string, part: string, field: Field): void {
  for (const item of part.split(',')) {
    if (isItem(item.toLowerCase(), field)) continue;
    const { name, min, max, names } = field;
    throw new Error(
      `the cron expression "${expression}" doesn't parse: it stopped at "${item}" in the ${name} ` +
        `(position ${expression.indexOf(item)}), which takes ${min} to ${max}${names ? ` or ${names.join(', ')}` : ''}`,
    );
  }
}

function isItem(item: string, field: Field): boolean {
  if (item === '*' || item === '?' || item === 'l' || item === 'lw') return true;
  const nth = /^(\w+)#([1-5])$/.exec(item) ?? /^(\w+)(l|w)$/.exec(item);
  if (nth && isValue(nth[1]!, field)) return true;
  const [range = '', step, more] = item.split('/');
  if (more !== undefined || (step !== undefined && !isStep(step, field))) return false;
  if (range === '*') return true;
  const [from = '', to, other] = range.split('-');
  if (other !== undefined || !isValue(from, field)) return false;
  return to === undefined || (isValue(to, field) && numberOf(from, field) <= numberOf(to, field));
}

function isStep(step: string, { max }: Field): boolean {
  return /^\d+$/.test(step) && Number(step) >= 1 && Number(step) <= max;
}

function isValue(value: string, field: Field): boolean {
  const number = numberOf(value, field);
  return number >= field.min && number <= field.max;
}

function numberOf(value: string, { names, min }: Field): number {
  if (/^\d+$/.test(value)) return Number(value);
  const index = names?.indexOf(value) ?? -1;
  return index < 0 ? Number.NaN : index + min;
}

/** Day 7 is a Sunday, as everywhere; later takes it for Saturday. */
function withSundayAsZero(part: string): string {
  return part
    .split(',')
    .flatMap(item => {
      const range = /^(?:7|(\d)-7)(?:\/(\d+))?$/.exec(item);
      if (!range) return [item];
      return everyNth(Number(range[1] ?? 7), 7, Number(range[2] ?? 1)).map(day => String(day % 7));
    })
    .join(',');
}

function everyNth(from: number, to: number, step: number): number[] {
  const values: number[] = [];
  for (let value = from; value <= to; value += step) values.push(value);
  return values;
}

/** A star or a step says "go on": the hours by themselves, or the minutes within a range of hours. */
function hintOf(minute: string, hour: string): Hint {
  if (/^(\*|\d+|\d+-\d+)\/\d+$/.test(hour)) return { hours: 'stepping' };
  if (/^\d+-\d+$/.test(hour) && /[*/]/.test(minute)) return { hours: 'window' };
  return {};
}
