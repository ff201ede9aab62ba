import { show } from '../errors/plain-error';
import { didYouMean } from './nearest';
import type { TaskTypeOptions } from './task-options';

interface Range {
  min: number;
  max?: number;
  integer?: boolean;
}

/** setTimeout's longest wait; a longer one would fire at once. */
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
  perWorker: count,
  perRole: count,
  maxSnoozes: { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true },
  rateLimit: { max: count, per: milliseconds },
  retention: { done: { min: 0 }, failed: { min: 0 } },
  version: count,
  deadlineMargin: { min: 0, max: longest },
};

/** Lists what is wrong with the options of a task type (all but its payload). */
export function findOptionProblems(input: object, path: string): string[] {
  const known = ['payload', 'concurrency', 'runsIn', 'onFailed', ...Object.keys(options)];
  const problems = Object.entries(input).flatMap(([name, value]) => {
    if (name === 'payload' || value === undefined) return [];
    if (name === 'concurrency') return checkConcurrency(value, fieldsIn(input), `${path}.concurrency`);
    // What it names is looked at when all types are known.
    if (name === 'onFailed') return [];
    if (name === 'runsIn') return checkRunsIn(value, `${path}.runsIn`);
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

/** What says how many run at once in a worker or in a role has no effect in the other. */
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

function checkGroup(value: unknown, rules: Record<string, Range>, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [`${path}: ${show(value)} is not an object`];
  const problems = Object.entries(value).flatMap(([name, part]) => {
    const rule = rules[name];
    return rule
      ? checkNumber(part, rule, `${path}.${name}`)
      : [`${path}.${name}: unknown option${didYouMean(name, Object.keys(rules))}`];
  });
  if (path.endsWith('.rateLimit'))
    for (const name of Object.keys(rules)) if (!(name in value)) problems.push(`${path}.${name}: is missing`);
  return problems;
}

/** The names of the payload's fields; nothing where it is no object, of which others complain. */
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

function checkKey(key: unknown, fields: readonly string[], path: string): string[] {
  const names = [key].flat();
  if (names.length === 0) return [`${path}: names no field of the payload; leave it out to count the type as a whole`];
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
