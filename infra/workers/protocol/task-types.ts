import type { AnyCatalog, ResolvedOptions, TaskTypeOptions } from '../../catalog';

/** What a role may override of a task type: its handler, and its limits here. */
export interface TypeOverrides
  extends Pick<TaskTypeOptions, 'attempts' | 'timeout' | 'backoff' | 'perWorker' | 'rateLimit'>,
    Pick<ResolvedOptions, 'concurrency'> {
  /** The handler's name in imports/tasks/handlers/index.ts. Default: the task type. */
  handler?: string;
}

/** The catalog as this role runs it. */
export function withOverrides(catalog: AnyCatalog, types: Record<string, Partial<TypeOverrides>>): AnyCatalog {
  if (Object.keys(types).length === 0) return catalog;
  const entries = Object.entries(catalog).map(([taskType, definition]) => {
    const { handler: _, backoff, ...options } = types[taskType] ?? {};
    return [taskType, { ...definition, ...options, backoff: { ...definition.backoff, ...backoff } }] as const;
  });
  return Object.fromEntries(entries);
}

/** The share of a worker that a task of this type takes: all of it, unless its type lets several run at once. */
export function weightOf(catalog: AnyCatalog, taskType: string): number {
  return 1 / (Object.hasOwn(catalog, taskType) ? (catalog[taskType]?.perWorker ?? 1) : 1);
}

/** Rounding must not cost a slot: ten tenths are one. */
const roundingError = 1e-9;

/** Whether one more of `weight` has room beside what runs already. */
export function fits(load: number, weight: number): boolean {
  return load + weight <= 1 + roundingError;
}

/** A load without the rounding errors of additions and subtractions. */
export function rounded(load: number): number {
  return Math.round(load * 1e6) / 1e6;
}
