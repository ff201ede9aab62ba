import { optionsOf, type RateWindow, rateKeyFields, windowOf } from '../../catalog';
import type { QueueCore } from '../api/queue-core';
import { newToken } from '../model/ids';
import type { Task } from '../model/task';
import type { DatabaseGuard } from '../store/database-guard';
import type { Grant, RateLimits } from '../store/rate-limits';
import type { Granted, Wanted } from '../store/rate-pipelines';
import type { Peeked } from '../store/task-store';
import type { UsedUp } from '../waiting/rate-lines';

/** What of the peeked tasks may start by their rates. */
export interface WithinRates {
  chosen: Peeked[];
  grants: Grant[];
  /** Types whose rate is used up as a whole, and until when. */
  closed: { taskType: string; until: Date }[];
  /** Keys whose rate is used up. */
  usedUp: UsedUp[];
}

type Held = Omit<Granted, 'count'>;

/** So much is kept to be given back; what is beyond that counts for a while: the rate is lower then, never higher. */
const mostKept = 1_000;

/** The starts that were granted to this role, until each has begun, or will not. */
export class RateGrants {
  private readonly byClaim = new Map<string, Held>();
  private begunNow: Held[] = [];
  /** Of claims that failed, until the database has them back. */
  private abandoned: Granted[] = [];

  constructor(
    private readonly rates: Pick<RateLimits, 'reserve' | 'begun' | 'release' | 'renew'>,
    private readonly core: Pick<QueueCore, 'catalog'>,
    private readonly guard: DatabaseGuard,
  ) {}

  /** Whether a type has a rate by key, so that a claim must know the keys of its tasks. */
  isByKey(taskType: string): boolean {
    const { rateLimit } = optionsOf(this.core.catalog, taskType);
    return rateLimit !== undefined && rateKeyFields(rateLimit).length > 0;
  }

  /** Leaves out what would exceed a rate. Types without one cost nothing here; all others together, one question. */
  async within(peeked: readonly Peeked[]): Promise<WithinRates> {
    const byName = this.groupByRate(peeked);
    if (byName.size === 0) return { chosen: [...peeked], grants: [], closed: [], usedUp: [] };
    await this.giveBackAbandoned();
    const wanted = [...byName].map(([name, { window, tasks }]) => ({ name, window, count: tasks.length }));
    const grants = await this.reserve(wanted);
    const refused = new Set<Peeked>();
    const result: WithinRates = { chosen: [], grants, closed: [], usedUp: [] };
    for (const { name, granted, next: until } of grants) {
      const { tasks = [] } = byName.get(name) ?? {};
      const others = tasks.slice(granted);
      for (const task of others) refused.add(task);
      const [first] = others;
      if (!first) continue;
      if (this.isByKey(first.taskType)) result.usedUp.push({ rateKey: name, ids: others.map(({ _id }) => _id), until });
      else result.closed.push({ taskType: first.taskType, until });
    }
    return { ...result, chosen: peeked.filter(task => !refused.has(task)) };
  }

  /** These tasks have been claimed by these grants; what is left of them goes back. */
  took(grants: readonly Grant[], tasks: readonly Task[]): void {
    if (grants.length === 0) return;
    const taken = this.groupByRate(tasks);
    const left = grants.map(({ id, name, window, granted }) => {
      const its = taken.get(name)?.tasks ?? [];
      for (const task of its as Task[]) this.byClaim.set(keyOf(task), { id, name, window });
      return { id, name, window, count: granted - its.length };
    });
    this.release(left.filter(({ count }) => count > 0));
  }

  /** The claim that these were for has failed: none of them begins. What can't be given back now is with the next chance. */
  abandon(grants: readonly Grant[]): void {
    const some = grants.filter(({ granted }) => granted > 0);
    this.abandoned.push(...some.map(({ id, name, window, granted }) => ({ id, name, window, count: granted })));
    void this.giveBackAbandoned();
  }

  begun(task: Task): void {
    const held = this.take(task);
    if (!held) return;
    if (this.begunNow.length === 0) setImmediate(() => this.writeBegun());
    this.begunNow.push(held);
  }

  /** It runs no more; where it never began, somebody else may. */
  ended(task: Task): void {
    const held = this.take(task);
    if (held) this.release([{ ...held, count: 1 }]);
  }

  /** What was claimed and has still to begin counts on, however long it waits for a worker. */
  async renew(): Promise<void> {
    await this.giveBackAbandoned();
    if (this.byClaim.size > 0)
      await this.guard.attempt('rate limits', () => this.rates.renew(counted(this.byClaim.values())));
  }

  /** The role ends, and what it had claimed has been handed back: it begins elsewhere, if at all. */
  async stop(): Promise<void> {
    this.abandoned.push(...counted(this.byClaim.values()));
    this.byClaim.clear();
    await this.giveBackAbandoned();
  }

  /** Where no reply comes, the starts may be granted all the same. */
  private async reserve(wanted: readonly Wanted[]): Promise<Grant[]> {
    const id = newToken();
    try {
      return await this.rates.reserve(wanted, id);
    } catch (error) {
      this.abandoned.push(...wanted.map(one => ({ ...one, id })));
      throw error;
    }
  }

  private async giveBackAbandoned(): Promise<void> {
    const some = this.abandoned;
    if (some.length === 0) return;
    this.abandoned = [];
    const isDone = await this.guard.attempt('rate limits', () => this.rates.release(some).then(() => true));
    if (!isDone) this.abandoned = [...some, ...this.abandoned].slice(0, mostKept);
  }

  private writeBegun(): void {
    const some = counted(this.begunNow);
    this.begunNow = [];
    this.write(() => this.rates.begun(some));
  }

  private release(some: Granted[]): void {
    if (some.length > 0) this.write(() => this.rates.release(some));
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

  private groupByRate<T extends Pick<Peeked, 'taskType' | 'rateKey'>>(tasks: readonly T[]) {
    const byName = new Map<string, { window: RateWindow; tasks: T[] }>();
    for (const task of tasks) {
      const { rateLimit } = optionsOf(this.core.catalog, task.taskType);
      if (!rateLimit) continue;
      const name = this.isByKey(task.taskType) ? (task.rateKey ?? keyOfOld(task.taskType)) : task.taskType;
      const known = byName.get(name);
      if (known) known.tasks.push(task);
      else byName.set(name, { window: windowOf(rateLimit), tasks: [task] });
    }
    return byName;
  }
}

/** Tasks from before their type had a rate by key are counted together. */
const keyOfOld = (taskType: string): string => `${taskType}/`;

const keyOf = ({ _id, token }: Task): string => `${token} ${_id}`;

/** How many of each grant. */
function counted(all: Iterable<Held>): Granted[] {
  const byGrant = new Map<string, Granted>();
  for (const held of all) {
    const key = `${held.id} ${held.name}`;
    const known = byGrant.get(key);
    if (known) known.count += 1;
    else byGrant.set(key, { ...held, count: 1 });
  }
  return [...byGrant.values()];
}
