import { show } from '../errors/plain-error';
import { didYouMean } from './nearest';
import type { TaskDefinition } from './task-definition';

/** What people see in the place of a value that its type hides. */
export const hidden = '••••';

/**
 * The problems of `redact`: it names fields of the payload by dotted path. What is hidden must not be part of a key either,
 * for keys are shown.
 */
export function findRedactProblems(
  redact: unknown,
  { fields, unique, slots, rateLimit }: Pick<TaskDefinition, 'fields' | 'unique' | 'slots' | 'rateLimit'>,
  path: string,
): string[] {
  if (redact === undefined) return [];
  if (!Array.isArray(redact) || redact.length === 0) return [`${path}: ${show(redact)} is not a list of fields`];
  const known = [...fields.keys()].filter(field => !field.includes('.$'));
  const problems = redact
    .filter(field => !known.includes(field))
    .map(field => `${path}: ${show(field)} is no field of the payload${didYouMean(String(field), known)}`);
  const keys = { unique: unique && (unique.key ?? known), concurrency: slots?.key, rateLimit: rateLimit?.key };
  for (const [option, key] of Object.entries(keys))
    for (const name of [key ?? []].flat())
      if (redact.some(field => field === name || String(field).startsWith(`${name}.`)))
        problems.push(`${path}: ${show(name)} is part of the key of ${option}, which people see; name another key`);
  return problems;
}

/** Whether the value of a field shows what is hidden. `name` is a path as simpl-schema has it, such as `list.0.name`. */
export function isHidden({ redact = [] }: Pick<TaskDefinition, 'redact'>, name: string): boolean {
  return redact.some(field => name === field || name.startsWith(`${field}.`) || field.startsWith(`${name}.`));
}
