import { type AnyCatalog, optionsOf, type RateLimit } from '../../catalog';
import type { Task } from '../model/task';
import type { DatabaseGuard } from '../store/database-guard';
import type { Grant, RateLimits } from '../store/rate-limits';

interface Held {
  taskType: string;
  grant: string;
  limit: RateLimit;
}

/** The starts that were granted to this role, until each has begun, or will not. */
export class RateGrants {
  private readonly byClaim = new Map<string, Held>();
  private begunNow = new Map<string, { held: Held; count: number }>();

  constructor(
    private readonly rates: RateLimits,
    private readonly catalog: AnyCatalog,
    private readonly guard: DatabaseGuard,
  ) {}

  /** @returns nothing for a type without a rate. */
  async reserve(taskType: string, wanted: number): Promise<Grant | undefined> {
    const limit = this.limitOf(taskType);
    return limit && this.rates.reserve(taskType, wanted, limit);
  }

  /** These tasks have been claimed by a grant; what is left of it goes back. */
  took(taskType: string, { id, granted }: Grant, tasks: readonly Task[]): void {
    const limit = this.limitOf(taskType);
    if (!limit) return;
    for (const task of tasks) this.byClaim.set(keyOf(task), { taskType, grant: id, limit });
    this.write(() => this.rates.release(taskType, id, granted - tasks.length));
  }

  begun(task: Task): void {
    const held = this.take(task);
    if (!held) return;
    if (this.begunNow.size === 0) setImmediate(() => this.writeBegun());
    const known = this.begunNow.get(held.grant) ?? { held, count: 0 };
    known.count += 1;
    this.begunNow.set(held.grant, known);
  }

  /** It runs no more; where it never began, somebody else may. */
  ended(task: Task): void {
    const held = this.take(task);
    if (held) this.write(() => this.rates.release(held.taskType, held.grant, 1));
  }

  private writeBegun(): void {
    const all = [...this.begunNow.values()];
    this.begunNow = new Map();
    for (const { held, count } of all) this.write(() => this.rates.begun(held.taskType, held.grant, count, held.limit));
  }

  /** Where it can't be written, the start stays granted for a while: the rate is lower then, never higher. */
  private write(what: () => Promise<void>): void {
    void this.guard.attempt('rate limits', what);
  }

  private take(task: Task): Held | undefined {
    if (this.byClaim.size === 0) return undefined;
    const held = this.byClaim.get(keyOf(task));
    if (held) this.byClaim.delete(keyOf(task));
    return held;
  }

  private limitOf(taskType: string): RateLimit | undefined {
    return optionsOf(this.catalog, taskType).rateLimit;
  }
}

const keyOf = ({ _id, token }: Task): string => `${token} ${_id}`;
