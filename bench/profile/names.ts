import type { IncidentKind, SetUpKey } from './figures';
import type { Colour } from './svg';

export const nameOf: Record<SetUpKey, string> = {
  monolith: 'one process',
  pool: 'one process with a pool',
  roles: 'two roles',
  plain: 'plain Node workers',
};

export const colourOf: Record<SetUpKey, Colour> = {
  monolith: 'orange',
  pool: 'violet',
  roles: 'blue',
  plain: 'green',
};

export const incidentNames: Record<IncidentKind, string> = {
  crash: 'a task that crashes',
  leak: 'tasks that leak',
  kill: 'a killed process',
};

/** For people: thousands apart, and as exact as it matters. */
export function show(value: number): string {
  const digits = Math.abs(value) < 10 && !Number.isInteger(value) ? 1 : 0;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export const showMs = (ms: number) => `${show(ms)} ms`;

/** `a`, `a and b`, `a, b and c`. */
export function all(names: readonly string[]): string {
  const last = names.at(-1) ?? 'nothing';
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${last}` : last;
}
