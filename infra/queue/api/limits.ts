import { definitionOf, findLimitProblems, type RateWindow } from '../../catalog';
import type { LimitOverride } from '../model/type-limits';
import { RateLimits } from '../store/rate-limits';
import { type QueueCore, tellDispatchers } from './queue-core';

/** What can be changed of a type at run time; what is absent is as the catalog has it. */
export interface NewLimits {
  /** How many run at once: of what, says the catalog; in each jobs role where that has no limit. */
  concurrency?: number;
  rateLimit?: RateWindow;
  priority?: number;
}

/** The limits of task types as people change them while the app runs: kept in the database, heard of by all jobs roles. */
export class LimitsApi {
  constructor(private readonly core: () => QueueCore) {}

  /** What is changed now, of all types. */
  async list(): Promise<readonly LimitOverride[]> {
    return (await this.core().pauses.read()).overrides;
  }

  /**
   * Changes the limits of a type until `reset`. It takes the place of an earlier change of the type. What runs goes on.
   *
   * @param by the person, for the record.
   * @throws RangeError with every problem; an Error where there is no such type.
   */
  async override(taskType: string, limits: NewLimits, { by }: { by?: string } = {}): Promise<void> {
    const core = this.core();
    const definition = definitionOf(core.limits.declared, taskType);
    const given = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
    const problems = findLimitProblems(definition, given);
    if (problems.length > 0) throw new RangeError(problems.join('; '));
    if (limits.rateLimit) await new RateLimits(core.db).ensureIndexes();
    await core.pauses.override({ taskType, ...given, at: core.clock.now(), ...(by !== undefined && { by }) });
    await this.changed();
  }

  /** Gives a type the limits of the catalog again. @returns whether they were changed. */
  async reset(taskType: string): Promise<boolean> {
    const isReset = await this.core().pauses.resetLimits(taskType);
    await this.changed();
    return isReset;
  }

  /** Reads what others have changed, where no dispatcher does: whoever adds tasks gives them the slots of their limits. */
  async refresh(): Promise<void> {
    this.core().limits.apply(await this.list());
  }

  private async changed(): Promise<void> {
    await this.refresh();
    tellDispatchers(this.core(), dispatcher => dispatcher.pausesChanged());
  }
}
