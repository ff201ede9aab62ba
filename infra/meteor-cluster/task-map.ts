import { type AnyCatalog, didYouMean, findOptionProblems, type TaskDefinition } from '../catalog';
import { show } from '../errors/plain-error';
import type { TypeOverrides } from '../workers/protocol/task-types';

/**
 * The task types that a cluster runs, as in meteor-cluster; but a handler is named, never passed: `true` for the
 * handler of the task type's own name, a name of imports/tasks/handlers/index.ts (also in kebab case, as its file is
 * called), or options beyond the catalog's.
 */
export type TaskMap = { readonly [taskType: string]: true | string | TypeOverrides };

const milliseconds = [1, 2 ** 31 - 1] as const;
const counts = [1, 1_000_000] as const;
const numbers: Record<string, readonly [min: number, max: number]> = {
  attempts: counts,
  timeout: milliseconds,
  concurrency: counts,
  perWorker: counts,
};
const groups = ['backoff', 'rateLimit'];
const known = ['handler', ...Object.keys(numbers), ...groups];

/**
 * The overrides in a taskMap, by task type.
 *
 * @throws one Error with every problem of it, each with its place, its value and what to do.
 */
export function parseTaskMap(taskMap: unknown, catalog: AnyCatalog): Record<string, TypeOverrides> {
  if (typeof taskMap !== 'object' || taskMap === null || Array.isArray(taskMap))
    throw new TypeError('taskMap: it is an object of task types, such as { buildReport: true }');
  const entries = Object.entries(taskMap);
  const problems = entries.flatMap(([taskType, entry]) => findProblems(taskType, entry, catalog));
  if (problems.length > 0) throw new TypeError(`The taskMap is not valid:\n  ${problems.join('\n  ')}`);
  return Object.fromEntries(entries.map(([taskType, entry]) => [taskType, overridesOf(entry)]));
}

function overridesOf(entry: true | string | TypeOverrides): TypeOverrides {
  if (entry === true) return {};
  const { handler, ...options } = typeof entry === 'string' ? { handler: entry } : entry;
  return { ...options, ...(handler !== undefined && { handler: camelCase(handler) }) };
}

function findProblems(taskType: string, entry: unknown, catalog: AnyCatalog): string[] {
  const path = `taskMap.${taskType}`;
  if (!Object.hasOwn(catalog, taskType)) return [`${path}: ${unknownType(taskType, catalog)}`];
  if (catalog[taskType]?.runsIn === 'role')
    return [`${path}: it runs in the role itself (runsIn), which a cluster of workers does not; leave it out`];
  if (entry === true) return [];
  if (typeof entry === 'function') return [`${path}: ${whereToPut(taskType)}`];
  if (typeof entry === 'string') return entry ? [] : [`${path}: the name of a handler is empty`];
  if (typeof entry !== 'object' || entry === null)
    return [`${path}: ${show(entry)} is neither true, nor the name of a handler, nor an object of options`];
  const definition = catalog[taskType] as TaskDefinition;
  return Object.entries(entry).flatMap(([name, value]) => findOptionProblem(definition, name, value));
}

function findOptionProblem({ taskType, fields }: TaskDefinition, name: string, value: unknown): string[] {
  const path = `taskMap.${taskType}.${name}`;
  if (value === undefined) return [];
  if (typeof value === 'function') return [`${path}: ${whereToPut(taskType)}`];
  if (!known.includes(name)) return [`${path}: unknown option${didYouMean(name, known)}`];
  if (name === 'handler') return typeof value === 'string' && value ? [] : [`${path}: it is the name of a handler`];
  // As in the catalog; a rate's key names a field of the payload.
  if (groups.includes(name)) return findOptionProblems({ payload: fields, [name]: value }, `taskMap.${taskType}`);
  const range = numbers[name] as readonly [number, number];
  const [min, max] = range;
  const isFine = Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
  return isFine ? [] : [`${path}: ${show(value)} is not a whole number from ${min} to ${max}`];
}

function unknownType(taskType: string, catalog: AnyCatalog): string {
  const hint = didYouMean(taskType, Object.keys(catalog));
  return `the catalog has no such task type${hint || '; declare it in imports/tasks/catalog.ts'}`;
}

function whereToPut(taskType: string): string {
  const file = `imports/tasks/handlers/${kebabCase(taskType)}.ts`;
  return `a function can't cross into a worker process: export it as \`handler\` from ${file}, name that in imports/tasks/handlers/index.ts, and write \`${taskType}: true\` here`;
}

function camelCase(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function kebabCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
}
