import SimpleSchema from 'simpl-schema';
import { show } from '../errors/plain-error';
import { type FlatFields, flattenFields } from './compile-payload';
import { didYouMean } from './nearest';
import { findOptionProblems } from './option-problems';
import { findPayloadProblems } from './parse-payload';
import type { PayloadFields } from './payload-language';
import { quickCheckOf } from './quick-check';
import { findRedactProblems } from './redact';
import type { CatalogOf, TaskDefinition } from './task-definition';
import { resolveOptions, type TaskTypeOptions } from './task-options';

/**
 * Declares the task types of an app, once for the compiler and for the running program.
 *
 * @param definitions the options by task type; `payload` in the part of simpl-schema's language that
 *   payload-language.ts lists.
 * @throws one Error with every problem of every type, each with its field, value and the nearest valid name.
 */
export function defineTasks<const D extends Record<string, TaskTypeOptions<PayloadFields>>>(
  definitions: D,
): CatalogOf<D> {
  const problems: string[] = [];
  const entries = Object.entries(definitions).map(
    ([taskType, options]) => [taskType, defineTask(taskType, options, problems)] as const,
  );
  problems.push(...findFollowUpProblems(entries));
  if (problems.length > 0) throw new Error(`The task catalog is not valid:\n  ${problems.join('\n  ')}`);
  return Object.freeze(Object.fromEntries(entries)) as CatalogOf<D>;
}

/** The problems of the types that `onFailed` names. A type with problems of its own gets no second report. */
function findFollowUpProblems(entries: readonly (readonly [string, TaskDefinition | undefined])[]): string[] {
  const types = new Map(entries);
  return entries.flatMap(([taskType, definition]) => {
    const { onFailed } = definition ?? {};
    if (onFailed === undefined) return [];
    const problem = types.has(onFailed)
      ? followUpProblem(taskType, onFailed, types)
      : `the catalog has no such task type${didYouMean(String(onFailed), [...types.keys()])}`;
    return problem ? [`${taskType}.onFailed: ${show(onFailed)}: ${problem}`] : [];
  });
}

function followUpProblem(
  taskType: string,
  onFailed: string,
  types: ReadonlyMap<string, TaskDefinition | undefined>,
): string | undefined {
  const chain = [taskType];
  for (let next: string | undefined = onFailed; next !== undefined; next = types.get(next)?.onFailed) {
    if (chain.includes(next)) return `a circle: ${[...chain, next].join(' → ')}`;
    chain.push(next);
  }
  return takesFailedTask(types.get(onFailed))
    ? undefined
    : 'its payload does not take a failed task; write payload: failedTask';
}

/** Whether a type may be what `onFailed` names. */
export function takesFailedTask(definition: TaskDefinition | undefined): boolean {
  const example = { taskId: 'id', taskType: 'type', data: {}, error: { name: 'Error', message: 'why' } };
  return definition === undefined || findPayloadProblems(definition, example).length === 0;
}

/** The payload of a task type that `onFailed` names: it describes the task that has failed for good. */
export const failedTask = {
  taskId: String,
  taskType: String,
  data: { type: Object, blackbox: true },
  error: { name: String, message: String },
} as const satisfies PayloadFields;

function defineTask(taskType: string, options: TaskTypeOptions, problems: string[]): TaskDefinition | undefined {
  const found = findOptionProblems(options, taskType);
  if (!/^[A-Za-z_][\w-]*$/.test(taskType))
    found.push(`${taskType}: a task type's name is made of letters, digits, _ and -, and begins with a letter`);
  const fields = flattenFields(options.payload, `${taskType}.payload`, found);
  if (found.length === 0)
    found.push(...findRedactProblems(options.redact, { fields, ...resolveOptions(options) }, `${taskType}.redact`));
  problems.push(...found);
  if (found.length > 0) return undefined;
  return Object.freeze({
    ...resolveOptions(options),
    taskType,
    fields,
    fits: quickCheckOf(fields),
    schema: compile(taskType, fields, problems),
  });
}

function compile(taskType: string, fields: FlatFields, problems: string[]): SimpleSchema {
  try {
    // A copy: SimpleSchema writes labels into its argument.
    return new SimpleSchema(Object.fromEntries([...fields].map(([key, field]) => [key, { ...field }])) as never);
  } catch (error) {
    problems.push(`${taskType}.payload: simpl-schema refuses it: ${(error as Error).message}`);
    return new SimpleSchema({});
  }
}
