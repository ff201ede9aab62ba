import later from '@breejs/later';
import type { Hint } from '../time/kind';
import { type Field, isItem, numberOfSteps } from './cron-field';
import type { Parsed } from './text';

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const fields: Field[] = [
  { name: 'second', min: 0, max: 59 },
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of the month', min: 1, max: 31, special: /^(?:l|(\d+)w)$/ },
  { name: 'month', min: 1, max: 12, names: months },
  { name: 'day of the week', min: 0, max: 7, names: days, special: /^(?:l|(\w+)(?:l|#[1-5]))$/ },
  { name: 'year', min: 1970, max: 2099 },
];
const [minuteAt, hourAt, weekdayAt] = [1, 2, 5];
const macros = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@hourly'];

/** One field of an expression, with its place in it. */
interface Part {
  text: string;
  position: number;
  field: Field;
}

/**
 * Parses a cron expression: minute, hour, day of the month, month, day of the week, and if you like the year; with
 * `hasSeconds` the seconds come first.
 *
 * @throws Error with the expression, the field and the part of it that doesn't parse; later itself takes anything.
 */
export function parseCron(expression: string, hasSeconds = false): Parsed {
  if (typeof expression !== 'string') throw new Error(`a cron expression is a string, got ${String(expression)}`);
  const macro = expression.trim().toLowerCase();
  if (macro.startsWith('@')) return parseMacro(expression, macro);
  const parts = split(expression, hasSeconds);
  for (const part of parts) {
    checkItems(expression, part);
    checkNearest(expression, part);
  }
  return {
    schedule: later.parse.cron(forLater(parts), hasSeconds),
    hint: hintOf(textOf(parts, minuteAt!), textOf(parts, hourAt!)),
    warnings: parts.flatMap(tooLong),
  };
}

function parseMacro(expression: string, macro: string): Parsed {
  if (!macros.includes(macro)) {
    throw new Error(`the cron expression "${expression}" doesn't parse: of these, there are ${macros.join(', ')}`);
  }
  const hint: Hint = macro === '@hourly' ? { hours: 'stepping' } : {};
  // Without seconds, whatever was asked for: with them later doesn't know its macros.
  return { schedule: later.parse.cron(macro), hint, warnings: [] };
}

function split(expression: string, hasSeconds: boolean): Part[] {
  const least = hasSeconds ? 6 : 5;
  const own = fields.slice(hasSeconds ? 0 : 1);
  const found = [...expression.matchAll(/\S+/g)];
  if (found.length < least || found.length > least + 1) {
    throw new Error(
      `the cron expression "${expression}" has ${found.length} fields, it needs ${least} or ${least + 1}: ` +
        own.map(({ name }) => name).join(', '),
    );
  }
  return found.map((match, nth) => ({ text: match[0], position: match.index, field: own[nth]! }));
}

function checkItems(expression: string, { text, position, field }: Part): void {
  if (text === '?') return;
  let at = position;
  for (const item of text.split(',')) {
    if (!isItem(item.toLowerCase(), field)) throw new Error(stoppedAt(expression, item, at, field));
    at += item.length + 1;
  }
}

/** later would take the other days of the list for weekdays only. */
function checkNearest(expression: string, { text, position }: Part): void {
  const nearest = /\d+w/i.exec(text);
  if (!nearest || !text.includes(',')) return;
  const place = `(position ${position + nearest.index})`;
  throw new Error(
    `the cron expression "${expression}" doesn't parse: "${nearest[0]}" takes no others beside it ${place}`,
  );
}

function stoppedAt(expression: string, item: string, position: number, { name, min, max, names }: Field): string {
  return (
    `the cron expression "${expression}" doesn't parse: it stopped at "${item}" in the ${name} ` +
    `(position ${position}), which takes ${min} to ${max}${names ? ` or ${names.join(', ')}` : ''}`
  );
}

/** A step is counted within its field: of the 90 minutes of a step only minute 0 of each hour is left. */
function tooLong({ text, field: { name, min, max } }: Part): string[] {
  const count = max - min + 1;
  const steps = text.split(',').filter(item => (numberOfSteps(item) ?? 0) > count);
  return steps.map(
    step => `"${step}" steps over all that the ${name} counts (${min} to ${max}): only its first value is left`,
  );
}

function forLater(parts: Part[]): string {
  const texts = parts.map(({ text, field }) => (field === fields[weekdayAt!] ? withSundayAsZero(text) : text));
  // Of stars alone later makes a schedule that names nothing.
  if (parts[0]!.field === fields[0] && texts.every(text => /^[*?]$/.test(text))) texts[0] = '*/1';
  return texts.join(' ');
}

function textOf(parts: Part[], nth: number): string {
  return parts.find(({ field }) => field === fields[nth])!.text;
}

/** Day 7 is a Sunday, as everywhere; later takes it for Saturday. */
function withSundayAsZero(text: string): string {
  return text
    .replace(/(?<=^|,)7(?=l|#)/gi, '0')
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
