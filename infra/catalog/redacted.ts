import { takesFailedTask } from './define-tasks';
import { hidden } from './redact';
import type { AnyCatalog } from './task-definition';
import { isPlainObject } from './value-kinds';

/** In the place of a field: the payload as a whole. */
const wholePayload = '';

/**
 * The fields of a payload that are hidden: those of its type, and where it is about a failed task, those of that one.
 * Nobody knows what a type hides that has left the catalog: its payload is hidden as a whole.
 */
export function hiddenFields(catalog: AnyCatalog, taskType: string, data: unknown): string[] {
  const definition = Object.hasOwn(catalog, taskType) ? catalog[taskType] : undefined;
  if (!definition) return [wholePayload];
  const { redact = [] } = definition;
  const { taskType: failed, data: its } = Object(data) as { taskType?: unknown; data?: unknown };
  if (typeof failed !== 'string' || failed === taskType || !takesFailedTask(definition)) return [...redact];
  return [...redact, ...hiddenFields(catalog, failed, its).map(field => ['data', ...pathOf(field)].join('.'))];
}

const pathOf = (field: string): string[] => (field === wholePayload ? [] : field.split('.'));

/** A copy of a payload for people: what its type hides is not in it. */
export function redacted(catalog: AnyCatalog, taskType: string, data: unknown): unknown {
  return hiddenFields(catalog, taskType, data).reduce(
    (shown, field) => replaced(shown, pathOf(field), () => hidden),
    data,
  );
}

/**
 * The payload that somebody means who has changed what people see of another one: what is still hidden is as it was.
 *
 * @throws where something reads as hidden that the other one does not have.
 */
export function unredacted(catalog: AnyCatalog, taskType: string, changed: unknown, original: unknown): unknown {
  return hiddenFields(catalog, taskType, original).reduce(
    (data, field) =>
      replaced(data, pathOf(field), value => {
        if (value !== hidden) return value;
        const kept = pathOf(field).reduce((part, name) => Object(part)[name], original as unknown);
        if (kept !== undefined) return kept;
        throw new Error(
          `${field || 'the payload'}: "${hidden}" stands for a hidden value, and the task has none there: write one, or leave it out`,
        );
      }),
    changed,
  );
}

/** A copy with another value at this path; the same where it has none there. */
function replaced(data: unknown, [name, ...rest]: readonly string[], change: (value: unknown) => unknown): unknown {
  if (name === undefined) return change(data);
  if (typeof data !== 'object' || data === null || !isPlainObject(data)) return data;
  const parts = data as Record<string, unknown>;
  if (!Object.hasOwn(parts, name) || parts[name] === undefined) return data;
  return { ...parts, [name]: replaced(parts[name], rest, change) };
}
