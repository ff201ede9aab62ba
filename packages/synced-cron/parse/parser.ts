import later, { type Parse, type RecurBuilder, type ScheduleData } from '@breejs/later';
import { show } from '../errors/plain-error';
import type { Hint, Part } from '../time/kind';
import { parseCron } from './cron';
import { type Parsed, parseText } from './text';

const countsFromZero = ['s', 'm', 'h', 't'];

/** A function that makes a schedule with later's parsers, as entries have it. */
export type ScheduleFunction = (parser: Parse) => ScheduleData;

/**
 * Calls an entry's schedule function with later's `parse`, made strict.
 *
 * @throws Error that names the part that doesn't parse, or the value that the function returned instead of a schedule.
 */
export function readSchedule(schedule: ScheduleFunction, self: unknown): Parsed {
  const seen = new Map<unknown, Parsed>();
  const remember = (parsed: Parsed) => {
    seen.set(parsed.schedule, parsed);
    return parsed.schedule;
  };
  const parser: Parse = {
    ...later.parse,
    text: text => remember(parseText(text)),
    cron: (expression, hasSeconds) => remember(parseCron(expression, hasSeconds)),
    recur: () => {
      const hint: Hint = {};
      const builder = noteSteps(later.parse.recur(), hint);
      remember({ schedule: builder, hint, warnings: [] });
      return builder;
    },
  };
  const made = schedule.call(self, parser);
  return checked(seen.get(made) ?? { schedule: made, hint: {}, warnings: [] });
}

/** Notes whether the hours were given as `every(n).hour()`, which `on(0, 12).hour()` looks like afterwards. */
function noteSteps(builder: RecurBuilder, hint: Hint): RecurBuilder {
  const { every, hour } = builder;
  let stepping = false;
  builder.every = function (step) {
    stepping = true;
    return every.call(this, step);
  };
  builder.hour = function () {
    if (stepping) hint.hours = 'stepping';
    return hour.call(this);
  };
  const { on } = builder;
  builder.on = function (...values) {
    stepping = false;
    return on.apply(this, values);
  };
  return builder;
}

function checked(parsed: Parsed): Parsed {
  const { schedule } = parsed;
  if (schedule && typeof (schedule as unknown as PromiseLike<unknown>).then === 'function') {
    throw new Error('schedule returned a promise: it has to return the schedule itself');
  }
  if (!Array.isArray(schedule?.schedules)) {
    throw new Error(`schedule returned ${show(schedule)}: return what parser.text, .cron or .recur gives`);
  }
  const schedules = partsOf(schedule.schedules);
  if (schedules.length === 0) throw new Error('the schedule is empty: it names no time at all');
  // A copy: the schedule belongs to the app, and a builder could still change it.
  return { ...parsed, schedule: { schedules, exceptions: partsOf(schedule.exceptions ?? []) } };
}

function partsOf(parts: Part[]): Part[] {
  const named = parts.filter(part => Object.keys(part ?? {}).length > 0);
  return named.flatMap(part => {
    const fields = Object.entries(part).map(([id, values]) => [id, valuesOf(id, values)]);
    return lastApart(Object.fromEntries(fields));
  });
}

/**
 * Checks the values of one field ("m", "h_a") of a schedule. later fails on unknown values, and overlooks unsorted
 * ones.
 */
function valuesOf(id: string, values: unknown): number[] {
  const [field = '', modifier] = id.split('_');
  if (!isKnown(field, modifier)) throw new Error(`the schedule has a field "${id}", which later doesn't know`);
  const numbers = Array.isArray(values) ? values.map(Number) : [];
  if (numbers.length > 0 && numbers.every(Number.isFinite)) return numbers.sort((a, b) => a - b);
  throw new Error(`the schedule's field "${id}" is a list of numbers, got ${show(values)}`);
}

function isKnown(field: string, modifier: string | undefined): boolean {
  const periods = later as unknown as Record<string, { val?: unknown } | undefined>;
  return periods[field]?.val !== undefined && (modifier === undefined || later.modifier[modifier] !== undefined);
}

/** In a list with others, later overlooks the value for the last (of the days of a month: 0): it gets its own part. */
function lastApart(part: Part): Part[] {
  const mixed = Object.entries(part).find(([id, values]) => !countsFromZero.includes(id) && isMixed(values));
  if (!mixed) return [part];
  const [id, values] = mixed;
  return [{ ...part, [id]: values.filter(value => value !== 0) }, ...lastApart({ ...part, [id]: [0] })];
}

function isMixed(values: number[]): boolean {
  return values.length > 1 && values.includes(0);
}
