import type { AnyCatalog, TaskTypeOptions } from '../../catalog';

/** What a role may say of a task type beyond the catalog: where its handler is, and its limits here. */
export interface TypeOverrides
  extends Pick<TaskTypeOptions, 'attempts' | 'timeout' | 'backoff' | 'concurrency' | 'perWorker' | 'rateLimit'> {
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
