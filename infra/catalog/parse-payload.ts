import { show } from '../errors/plain-error';
import { didYouMean } from './nearest';
import { normalForm } from './normal-form';
import { hidden, isHidden } from './redact';
import type { AnyCatalog, DataIn, TaskDefinition, TaskTypeIn } from './task-definition';
import { defaultOptions, type ResolvedOptions } from './task-options';

/** The catalog lacks the task type, or its schema refuses the payload. `problems` has one line for each problem. */
export class PayloadError extends Error {
  override readonly name = 'PayloadError';
  constructor(
    readonly taskType: string,
    readonly problems: readonly string[],
  ) {
    super(problems.length === 1 ? problems[0] : `${problems.length} problems:\n  ${problems.join('\n  ')}`);
  }
}

/**
 * The catalog's entry for a task type.
 *
 * @throws PayloadError that names the nearest type, if there is none of that name.
 */
export function definitionOf(catalog: AnyCatalog, taskType: unknown): TaskDefinition {
  if (typeof taskType !== 'string')
    throw new PayloadError(show(taskType), [`taskType: ${show(taskType)} is not a name`]);
  const definition = Object.hasOwn(catalog, taskType) ? catalog[taskType] : undefined;
  if (definition) return definition;
  const hint = didYouMean(taskType, Object.keys(catalog)) || '; imports/tasks/catalog.ts lists the types';
  throw new PayloadError(taskType, [`taskType: unknown task type ${show(taskType)}${hint}`]);
}

/** The options of a type; the defaults for one that this role does not know (it may rescue or cancel its tasks). */
export function optionsOf(catalog: AnyCatalog, taskType: string | undefined): ResolvedOptions {
  return (taskType !== undefined && Object.hasOwn(catalog, taskType) && catalog[taskType]) || defaultOptions;
}

/**
 * Checks a payload against its type's schema: at addTask, and again before a run.
 *
 * @returns the data itself, now known to be of its type.
 * @throws PayloadError with all problems at once: `buildReport.data.rows: -1 is below 1`.
 */
export function parsePayload<C extends object, T extends TaskTypeIn<C>>(
  catalog: C,
  taskType: T,
  data: unknown,
): DataIn<C, T> {
  const definition = definitionOf(catalog as unknown as AnyCatalog, taskType);
  const problems = findPayloadProblems(definition, data);
  if (problems.length > 0) throw new PayloadError(taskType, problems);
  return data as DataIn<C, T>;
}

/** One line for each problem of `data`; empty if there is none. */
export function findPayloadProblems(definition: TaskDefinition, data: unknown): readonly string[] {
  if (definition.fits(data)) return [];
  // simpl-schema could not walk a value that cannot be stored: report that first.
  const { problems } = normalForm(data, `${definition.taskType}.data`);
  return problems.length > 0 ? problems : findSchemaProblems(definition, data);
}

/** The same for data that is already in its normal form. */
export function findSchemaProblems(definition: TaskDefinition, data: unknown): string[] {
  if (definition.fits(data)) return [];
  const path = `${definition.taskType}.data`;
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    return [`${path}: ${show(data)} is not an object`];
  return findFieldProblems(definition, data, path);
}

function findFieldProblems(definition: TaskDefinition, data: object, path: string): string[] {
  const context = definition.schema.newContext();
  if (context.validate(data as Record<string, unknown>)) return [];
  const errors = context.validationErrors() as FieldError[];
  // A log, an error and a page may show the message.
  const shown = errors.map(error => (isHidden(definition, error.name) ? { ...error, value: hidden } : error));
  return shown.map(error => describeProblem(path, error, siblingsOf(definition, error.name)));
}

/** The siblings of the field `name`, which is a path like `list.0.nmae`. */
function siblingsOf(definition: TaskDefinition, name: string): string[] {
  const parts = name.split('.').map(part => (/^\d+$/.test(part) ? '$' : part));
  const prefix = parts
    .slice(0, -1)
    .map(part => `${part}.`)
    .join('');
  return [...definition.fields.keys()]
    .filter(key => key.startsWith(prefix) && !key.slice(prefix.length).includes('.'))
    .map(key => key.slice(prefix.length));
}

/** simpl-schema's problem with one field. */
interface FieldError {
  name: string;
  type: string;
  value?: unknown;
  [detail: string]: unknown;
}

type Say = (error: FieldError) => string;

const messages: Record<string, Say> = {
  required: () => 'is missing',
  minString: e => `${show(e.value)} is shorter than ${e.min} characters`,
  maxString: e => `${show(e.value)} is longer than ${e.max} characters`,
  minNumber: e => `${show(e.value)} is below ${e.min}`,
  maxNumber: e => `${show(e.value)} is above ${e.max}`,
  minNumberExclusive: e => `${show(e.value)} is not above ${e.min}`,
  maxNumberExclusive: e => `${show(e.value)} is not below ${e.max}`,
  minDate: e => `${show(e.value)} is before ${e.min}`,
  maxDate: e => `${show(e.value)} is after ${e.max}`,
  badDate: () => 'is an invalid date',
  minCount: e => `has ${(e.value as unknown[]).length} items, at least ${e.minCount} are needed`,
  maxCount: e => `has ${(e.value as unknown[]).length} items, at most ${e.maxCount} are allowed`,
  noDecimal: e => `${show(e.value)} is not an integer`,
  notAllowed: e => `${show(e.value)} is not one of the allowed values`,
  expectedType: e => `${show(e.value)} (${kindOf(e.value)}) is not of type ${e.dataType}`,
  regEx: e => `${show(e.value)} does not match ${e.regExp}`,
};

/** One line about one field: its path, its value, and what it should be. */
function describeProblem(path: string, error: FieldError, siblings: readonly string[]): string {
  const field = `${path}.${error.name}`;
  if (error.type === 'keyNotInSchema') return `${field}: unknown field${didYouMean(last(error.name), siblings)}`;
  return `${field}: ${messages[error.type]?.(error) ?? `${show(error.value)} is not valid (${error.type})`}`;
}

const last = (name: string) => name.slice(name.lastIndexOf('.') + 1);

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
