import { type AnyCatalog, findLimitProblems, type RateWindow, type TaskDefinition, timeOf } from '../../catalog';
import { show } from '../../errors/plain-error';

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

/** What is wrong with a change of limits as it comes out of the database, where others may have written it. */
export function findOverrideProblems(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [`${path}: ${show(value)} is not an object`];
  const { taskType, by = '', at, concurrency, rateLimit, priority } = value as Record<string, unknown>;
  if (typeof taskType !== 'string') return [`${path}.taskType: ${show(taskType)} is not a text`];
  if (typeof by !== 'string') return [`${path}.by: ${show(by)} is not a text`];
  if (Number.isNaN(timeOf(at))) return [`${path}.at: ${show(at)} is not a date`];
  const limits = Object.entries({ concurrency, rateLimit, priority }).filter(([, limit]) => limit !== undefined);
  return findLimitProblems({ taskType }, Object.fromEntries(limits)).map(problem => `${path}: ${problem}`);
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
