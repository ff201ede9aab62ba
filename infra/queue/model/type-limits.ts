import type { AnyCatalog, RateWindow, TaskDefinition } from '../../catalog';

/** What somebody has changed of a task type at run time. What is absent holds as the catalog has it. */
export interface LimitOverride {
  taskType: string;
  /** In each jobs role; over all of them, or for each value of its key, where the catalog limits the type so. */
  concurrency?: number;
  rateLimit?: RateWindow;
  /** Where tasks of the type stand among those of others: as if they had been added with this default. */
  priority?: number;
  /** The person, for the record. */
  by?: string;
  at: Date;
}

/** The limits that hold now: those of the catalog, and over them what was changed at run time. */
export class TypeLimits {
  /** The catalog with the limits that hold now. A priority is as declared here, since `shiftOf` has its change. */
  catalog: AnyCatalog;
  private shifts: ReadonlyMap<string, number> = new Map();

  constructor(readonly declared: AnyCatalog) {
    this.catalog = declared;
  }

  apply(overrides: readonly LimitOverride[]): void {
    const known = overrides.flatMap(override => {
      const definition = Object.hasOwn(this.declared, override.taskType) && this.declared[override.taskType];
      return definition ? [{ override, definition }] : [];
    });
    const changed = known.map(({ override, definition }) => [override.taskType, withLimits(definition, override)]);
    this.catalog = changed.length === 0 ? this.declared : { ...this.declared, ...Object.fromEntries(changed) };
    this.shifts = new Map(
      known.flatMap(({ override: { taskType, priority }, definition }) =>
        priority === undefined ? [] : [[taskType, priority - definition.priority] as const],
      ),
    );
  }

  /** Whether the tasks of any type stand elsewhere than their priorities put them. */
  get hasShifts(): boolean {
    return this.shifts.size > 0;
  }

  /** How far the tasks of a type stand before (below 0: behind) where their own priority puts them. */
  shiftOf(taskType: string): number {
    return this.shifts.get(taskType) ?? 0;
  }
}

function withLimits(definition: TaskDefinition, { concurrency, rateLimit }: LimitOverride): TaskDefinition {
  const { slots } = definition;
  return {
    ...definition,
    ...(concurrency !== undefined && (slots ? { slots: { ...slots, max: concurrency } } : { concurrency })),
    ...(rateLimit && { rateLimit: { ...definition.rateLimit, max: rateLimit.max, per: rateLimit.per } }),
  };
}
