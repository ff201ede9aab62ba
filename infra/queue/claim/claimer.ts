import type { QueueCore } from '../api/queue-core';
import { groupBy } from '../model/group-by';
import { newToken } from '../model/ids';
import { compareTasks } from '../model/order';
import type { Task } from '../model/task';
import type { Claim, KnownType, Peeked, PeekRequest, TaskStore } from '../store/task-store';
import type { UsedUp } from '../waiting/rate-lines';
import type { RateGrants, WithinRates } from './rate-grants';
import { type Verified, verify } from './verify';

export interface ClaimerOptions {
  core: QueueCore;
  owner: string;
  leaseMs: number;
  rates: Pick<RateGrants, 'within' | 'took' | 'abandon' | 'isByKey'>;
  /** How many tasks of a type run now, for its concurrency. */
  countRunning(taskType: string): number;
  /** How many of tasks of these types, in this order, the executor takes now. */
  fitting(taskTypes: readonly string[]): number;
  /** Whether the executor takes tasks of a type now: those that run elsewhere than what it is full of. */
  takes?(taskType: string): boolean;
  /** A rate is used up until then. */
  onRateLimited(taskType: string, until: Date): void;
  /** The rate of a key is used up: its tasks are to be where no claim sees them. @returns whether they are. */
  lineUp(keys: readonly UsedUp[]): Promise<boolean>;
}

export interface ClaimRequest {
  limit: number;
  types: readonly KnownType[];
  minPriority?: number;
}

/** What a claim brought. */
export interface Claimed extends Verified {
  /** There may be more at once. */
  more: boolean;
}

/** The head is shared by this many claimers' worth of tasks at most. */
const widest = 16;

/** peek → limit → take → verify: claims tasks of one store for one role, in batches. */
export class Claimer {
  /** Grows while others take what was peeked: four roles must not fight over one head. */
  private width = 1;
  /** The tokens of claims whose replies were lost: whatever they claimed is handed back. */
  private uncertainClaims: string[] = [];
  /** Whether the last look found nothing. */
  private quiet = true;

  constructor(
    private readonly store: TaskStore,
    private readonly options: ClaimerOptions,
  ) {}

  async claim({ limit, types, minPriority }: ClaimRequest): Promise<Claimed> {
    await this.handBackUncertain();
    const open = types.filter(({ taskType }) => this.freeOf(taskType) > 0);
    if (this.quiet && this.isFreeFor(open)) return this.claimFirst({ limit, types: open, minPriority });
    const wanted = limit * this.width;
    const withRateKey = open.some(({ taskType }) => this.options.rates.isByKey(taskType));
    const peeked = await this.peek({ types: open, limit: wanted, minPriority, ...(withRateKey && { withRateKey }) });
    this.quiet = peeked.length === 0;
    const picked = this.pick(peeked, limit);
    const within = await this.options.rates.within(this.fitting(this.withinConcurrency(picked)));
    const { chosen, grants } = within;
    const taken = await this.take(chosen).catch(error => {
      this.options.rates.abandon(grants);
      throw error;
    });
    this.learn(chosen.length, taken.length);
    const verified = verify(this.options.core, taken);
    this.options.rates.took(grants, verified.tasks);
    const refused = await this.leaveOut(within);
    // Some may be left: behind a full batch, behind those of a type that is full now, or taken by others before us.
    const left = peeked.length === wanted || chosen.length < picked.length || taken.length < chosen.length;
    // Without any of that, the next look would only see the same again.
    return { ...verified, more: left && (chosen.length > 0 || refused) };
  }

  /** One round trip instead of two: what comes to a role that waits for it mostly comes alone. */
  private async claimFirst(request: ClaimRequest): Promise<Claimed> {
    const task = await this.fenced(claim => this.store.takeFirst(request, claim));
    this.quiet = task === undefined;
    return { ...verify(this.options.core, task ? [task] : []), more: task !== undefined };
  }

  /** Whether one task may be claimed without knowing of which of these types it is. */
  private isFreeFor(types: readonly KnownType[]): boolean {
    const { core, fitting } = this.options;
    return types.every(
      ({ taskType }) =>
        !core.catalog[taskType]?.rateLimit && core.limits.shiftOf(taskType) === 0 && fitting([taskType]) === 1,
    );
  }

  /** Types of another priority than the catalog's are asked for apart: their tasks keep the one that they were added with. */
  private async peek(whole: PeekRequest): Promise<Peeked[]> {
    const { limits } = this.options.core;
    if (!limits.hasShifts) return this.store.peek(whole);
    const { types, minPriority, ...request } = whole;
    const byShift = groupBy(types, ({ taskType }) => `${limits.shiftOf(taskType)}`);
    const heads = await Promise.all(
      byShift.map(async its => {
        const shift = limits.shiftOf(its[0]?.taskType as string);
        const least = minPriority === undefined ? {} : { minPriority: minPriority - shift };
        const head = await this.store.peek({ ...request, types: its, ...least });
        return shift === 0 ? head : head.map(task => ({ ...task, priority: task.priority + shift }));
      }),
    );
    const [only = []] = heads;
    return heads.length <= 1 ? only : heads.flat().sort(compareTasks).slice(0, request.limit);
  }

  private freeOf(taskType: string): number {
    if (this.options.takes?.(taskType) === false) return 0;
    const { concurrency = Number.POSITIVE_INFINITY } = this.options.core.catalog[taskType] ?? {};
    return concurrency - this.options.countRunning(taskType);
  }

  /** Take a random slice of the peeked tasks, so that concurrent claimers rarely collide. */
  private pick(peeked: Peeked[], limit: number): Peeked[] {
    if (peeked.length <= limit) return peeked;
    const from = Math.floor(Math.random() * (peeked.length - limit + 1));
    return peeked.slice(from, from + limit);
  }

  private withinConcurrency(peeked: Peeked[]): Peeked[] {
    return firstOfEach(peeked, taskType => this.freeOf(taskType));
  }

  /** Cut, not sifted: short tasks must not pass long ones for ever. */
  private fitting(peeked: Peeked[]): Peeked[] {
    return peeked.slice(0, this.options.fitting(peeked.map(({ taskType }) => taskType)));
  }

  /** What is used up is not to be met again. @returns whether there was any: then what is behind it may be seen. */
  private async leaveOut({ closed, usedUp }: WithinRates): Promise<boolean> {
    for (const { taskType, until } of closed) this.options.onRateLimited(taskType, until);
    const isOut = usedUp.length > 0 && (await this.options.lineUp(usedUp));
    return closed.length > 0 || isOut;
  }

  private async take(chosen: Peeked[]): Promise<Task[]> {
    if (chosen.length === 0) return [];
    const ids = chosen.map(({ _id }) => _id);
    return this.fenced(claim => this.store.take(ids, claim));
  }

  private async fenced<T>(take: (claim: Claim) => Promise<T>): Promise<T> {
    const { owner, leaseMs, core } = this.options;
    const now = core.clock.now();
    const token = newToken();
    try {
      return await take({ owner, token, now, leaseUntil: new Date(now.getTime() + leaseMs) });
    } catch (error) {
      this.uncertainClaims.push(token);
      throw error;
    }
  }

  private async handBackUncertain(): Promise<void> {
    for (const token of this.uncertainClaims) await this.store.handBackClaim(this.options.owner, token);
    this.uncertainClaims = [];
  }

  private learn(chosen: number, taken: number): void {
    if (chosen > 0 && taken < chosen / 2) this.width = Math.min(widest, this.width * 2);
    else if (taken === chosen) this.width = Math.max(1, this.width - 1);
  }
}

/** The first tasks of each type, in the order of all. */
function firstOfEach(peeked: Peeked[], most: (taskType: string) => number): Peeked[] {
  const counts = new Map<string, number>();
  return peeked.filter(({ taskType }) => {
    const count = (counts.get(taskType) ?? 0) + 1;
    counts.set(taskType, count);
    return count <= most(taskType);
  });
}
