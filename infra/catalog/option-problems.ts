import { show } from '../errors/plain-error';
import { didYouMean } from './nearest';
import { defaultOptions, type TaskTypeOptions } from './task-options';
import { findUniqueProblems } from './unique';

interface Range {
  min: number;
  max?: number;
  integer?: boolean;
}

/** The longest delay of setTimeout; a longer one would fire at once. */
const longest = 2 ** 31 - 1;
const count: Range = { min: 1, integer: true };
const milliseconds: Range = { min: 1, max: longest, integer: true };
const anyInteger: Range = { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER, integer: true };

const options: Record<string, Range | Record<string, Range>> = {
  priority: anyInteger,
  attempts: count,
  timeout: milliseconds,
  backoff: {
    base: { min: 0, max: longest },
    factor: { min: 1 },
    max: { min: 0, max: longest },
    jitter: { min: 0, max: 1 },
  },
  maxWait: milliseconds,
  perWorker: count,
  perRole: count,
  maxSnoozes: { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true },
  retention: { done: { min: 0 }, failed: { min: 0 } },
  version: count,
  deadlineMargin: { min: 0, max: longest },
};

/** Lists the problems of a task type's options (all but its payload). */
export function findOptionProblems(input: object, path: string): string[] {
  const known = [
    'payload',
    'concurrency',
    'rateLimit',
    'runsIn',
    'onFailed',
    'unique',
    'redact',
    ...Object.keys(options),
  ];
  const problems = Object.entries(input).flatMap(([name, value]) => {
    if (name === 'payload' || value === undefined) return [];
    if (name === 'concurrency') return checkConcurrency(value, fieldsIn(input), `${path}.concurrency`);
    if (name === 'rateLimit') return checkRateLimit(value, fieldsIn(input), `${path}.rateLimit`);
    // What they name is looked at when all types are known, and all fields.
    if (name === 'onFailed' || name === 'redact') return [];
    if (name === 'runsIn') return checkRunsIn(value, `${path}.runsIn`);
    if (name === 'unique') return checkUnique(value, input, `${path}.unique`);
    const rule = options[name];
    if (!rule) return [`${path}.${name}: unknown option${didYouMean(name, known)}`];
    return isRange(rule) ? checkNumber(value, rule, `${path}.${name}`) : checkGroup(value, rule, `${path}.${name}`);
  });
  return [...problems, ...placeProblems(input, path)];
}

const places = ['worker', 'role'];

function checkRunsIn(value: unknown, path: string): string[] {
  if (places.includes(value as string)) return [];
  return [`${path}: ${show(value)} is not 'worker' or 'role'${didYouMean(String(value), places)}`];
}

/** An option for how many run at once in a worker has no effect in a role, and the reverse. */
function placeProblems(input: TaskTypeOptions | object, path: string): string[] {
  const { runsIn, perRole, perWorker, concurrency } = input as TaskTypeOptions;
  if (runsIn !== 'role')
    return perRole === undefined ? [] : [`${path}.perRole: only with runsIn: 'role'; workers have perWorker`];
  const isOverAll = typeof concurrency === 'object' && concurrency?.scope !== 'role';
  const problems = perWorker === undefined ? [] : [`${path}.perWorker: there is perRole with runsIn: 'role'`];
  if (concurrency !== undefined && !isOverAll)
    problems.push(`${path}.concurrency: in each role it is called perRole with runsIn: 'role'`);
  return problems;
}

function checkGroup(
  value: unknown,
  rules: Record<string, Range>,
  path: string,
  known: readonly string[] = Object.keys(rules),
): string[] {
  if (typeof value !== 'object' || value === null) return [`${path}: ${show(value)} is not an object`];
  return Object.entries(value).flatMap(([name, part]) => {
    const rule = rules[name];
    return rule
      ? checkNumber(part, rule, `${path}.${name}`)
      : [`${path}.${name}: unknown option${didYouMean(name, known)}`];
  });
}

const rateRules = { max: count, per: milliseconds };

/** What is wrong with a rate: `max` in any span of `per`. */
export function findRateProblems(value: unknown, path: string, others: readonly string[] = []): string[] {
  const problems = checkGroup(value, rateRules, path, [...Object.keys(rateRules), ...others]);
  if (typeof value === 'object' && value !== null)
    for (const name of Object.keys(rateRules)) if (!(name in value)) problems.push(`${path}.${name}: is missing`);
  return problems;
}

interface Rate {
  max: number;
  per: number;
}

const limits = ['concurrency', 'rateLimit', 'priority'];

/** What is wrong with limits that are to take the place of a type's own while the app runs. */
export function findLimitProblems(
  { taskType, rateLimit }: { taskType: string; rateLimit?: { spread?: boolean } },
  given: object,
): string[] {
  const entries = Object.entries(given);
  if (entries.length === 0) return [`${taskType}: give at least one of ${limits.join(', ')}`];
  return entries.flatMap(([name, value]) => {
    const path = `${taskType}.${name}`;
    if (name === 'concurrency') return checkNumber(value, count, path);
    if (name === 'priority') return checkNumber(value, anyInteger, path);
    if (name !== 'rateLimit')
      return [`${path}: it can't be changed at run time${didYouMean(name, limits) || `; ${limits.join(', ')} can`}`];
    const problems = findRateProblems(value, path);
    return problems.length > 0 || !rateLimit?.spread ? problems : checkSpread(value as Rate, path);
  });
}

function checkSpread({ max, per }: Rate, path: string): string[] {
  if (max <= per) return [];
  return [`${path}.spread: starts closer than a millisecond can't be spaced; leave spread out`];
}

function checkRateLimit(value: unknown, fields: readonly string[], path: string): string[] {
  if (typeof value !== 'object' || value === null) return [`${path}: ${show(value)} is not an object`];
  const { key, spread, ...rate } = value as Record<string, unknown>;
  const problems = findRateProblems(rate, path, ['key', 'spread']);
  if (key !== undefined) problems.push(...checkKey(key, fields, `${path}.key`));
  if (spread === undefined || spread === false) return problems;
  if (spread !== true) return [...problems, `${path}.spread: ${show(spread)} is not true or false`];
  return problems.length > 0 ? problems : checkSpread(rate as unknown as Rate, path);
}

/** The names of the payload's fields; none if it is no object, which another check reports. */
function fieldsIn(input: { payload?: unknown }): string[] {
  return typeof input.payload === 'object' && input.payload !== null ? Object.keys(input.payload) : [];
}

const scopes = ['all', 'role'];

function checkConcurrency(value: unknown, fields: readonly string[], path: string): string[] {
  if (typeof value !== 'object' || value === null) return checkNumber(value, count, path);
  const { max, key, scope, ...others } = value as Record<string, unknown>;
  const problems = Object.keys(others).map(
    name => `${path}.${name}: unknown option${didYouMean(name, ['max', 'key', 'scope'])}`,
  );
  problems.push(...(max === undefined ? [`${path}.max: is missing`] : checkNumber(max, count, `${path}.max`)));
  if (scope !== undefined && !scopes.includes(scope as string))
    problems.push(`${path}.scope: ${show(scope)} is not 'all' or 'role'${didYouMean(String(scope), scopes)}`);
  if (key === undefined) return problems;
  if (scope === 'role') problems.push(`${path}.scope: a limit by key holds over all jobs roles; leave scope out`);
  return [...problems, ...checkKey(key, fields, `${path}.key`)];
}

function checkUnique(value: unknown, input: TaskTypeOptions | object, path: string): string[] {
  const { done } = { ...defaultOptions.retention, ...(input as TaskTypeOptions).retention };
  const problems = findUniqueProblems(value, path, Number(done));
  const { key } = Object(value) as { key?: unknown };
  return key === undefined ? problems : [...problems, ...checkKey(key, fieldsIn(input), `${path}.key`, wholePayload)];
}

const wholeType = 'leave it out to count the type as a whole';
const wholePayload = 'leave it out to take the whole payload';

function checkKey(key: unknown, fields: readonly string[], path: string, otherwise = wholeType): string[] {
  const names = [key].flat();
  if (names.length === 0) return [`${path}: names no field of the payload; ${otherwise}`];
  return names.flatMap(name =>
    fields.includes(name as string)
      ? []
      : [`${path}: ${show(name)} is no field of the payload${didYouMean(String(name), fields)}`],
  );
}

function checkNumber(value: unknown, range: Range, path: string): string[] {
  if (typeof value !== 'number' || Number.isNaN(value)) return [`${path}: ${show(value)} is not a number`];
  if (range.integer && !Number.isInteger(value)) return [`${path}: ${value} is not an integer`];
  if (value < range.min) return [`${path}: ${value} is below ${range.min}`];
  if (range.max !== undefined && value > range.max) return [`${path}: ${value} is above ${range.max}`];
  return [];
}

function isRange(rule: Range | Record<string, Range>): rule is Range {
  return typeof rule.min === 'number';
}
