import type { AnyCatalog, TaskDefinition } from './task-definition';

/**
 * A short text that is equal for two processes with equivalent catalogs. A jobs role compares its own with the one in a
 * worker's hello. It is not cryptographic, and uses no node:crypto, because browsers load the catalog too.
 */
export function catalogHash(catalog: object): string {
  const types = Object.entries(catalog as AnyCatalog).sort(([a], [b]) => (a < b ? -1 : 1));
  return cyrb53(types.map(([name, definition]) => `${name}=${describe(definition)}`).join('\n'));
}

/** Each task type with its catalog version, which is the highest that a role may claim. */
export function catalogVersions(catalog: object): { taskType: string; version: number }[] {
  return Object.entries(catalog as AnyCatalog).map(([taskType, { version }]) => ({ taskType, version }));
}

function describe({ schema: _, fits: __, fields, ...options }: TaskDefinition): string {
  return canonical({ ...options, fields: Object.fromEntries(fields) });
}

function canonical(value: unknown): string {
  if (typeof value === 'function') return value.name;
  if (value instanceof RegExp || value instanceof Date) return String(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, part]) => `${key}:${canonical(part)}`).join()}}`;
}

/** bryc's cyrb53: 53 well-mixed bits from two multiply-xor lanes. */
function cyrb53(text: string): string {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36);
}
