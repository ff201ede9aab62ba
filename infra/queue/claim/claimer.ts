import type { QueueCore } from '../api/queue-core';
import { newToken } from '../model/ids';
import type { Task } from '../model/task';
import type { Grant } from '../store/rate-limits';
import type { Claim, KnownType, Peeked, TaskStore } from '../store/task-store';
import type { RateGrants } from './rate-grants';
import { type Verified, verify } from './verify';

export interface ClaimerOptions {
  core: QueueCore;
  owner: string;
  leaseMs: number;
  rates: Pick<RateGrants, 'reserve' | 'took'>;
  /** How many tasks of a type run now, for its concurrency. */
  countRunning(taskType: string): number;
  /** How many of tasks of these types, in this order, the executor takes now. */
  fitting(taskTypes: readonly string[]): number;
  /** Whether the executor takes tasks of a type now: those that run elsewhere than what it is full of. */
  takes?(taskType: string): boolean;
  /** A rate is used up until then. */
  onRateLimited(taskType: string, until: Date): void;
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
    const peeked = await this.store.peek({ types: open, limit: wanted, minPriority });
    this.quiet = peeked.length === 0;
    const picked = this.pick(peeked, limit);
    const { chosen, grants, refused } = await this.withinRates(this.fitting(this.withinConcurrency(picked)));
    const taken = await this.take(chosen);
    this.learn(chosen.length, taken.length);
    const verified = verify(this.options.core, taken);
    for (const [taskType, grant] of grants)
      this.options.rates.took(
        taskType,
        grant,
        verified.tasks.filter(task => task.taskType === taskType),
      );
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
    return types.every(({ taskType }) => !core.catalog[taskType]?.rateLimit && fitting([taskType]) === 1);
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

  /** Leaves out what would exceed a type's rate. `refused`: a type is closed now, and what is behind it may be seen. */
  private async withinRates(peeked: Peeked[]) {
    const grants = new Map<string, Grant>();
    let refused = false;
    for (const [taskType, wanted] of countTypes(peeked)) {
      const grant = await this.reserve(taskType, wanted);
      if (!grant) continue;
      grants.set(taskType, grant);
      refused ||= grant.granted < wanted;
    }
    const chosen = firstOfEach(peeked, taskType => grants.get(taskType)?.granted ?? Number.POSITIVE_INFINITY);
    return { chosen, grants, refused };
  }

  private async reserve(taskType: string, wanted: number): Promise<Grant | undefined> {
    const grant = await this.options.rates.reserve(taskType, wanted);
    if (grant && grant.granted < wanted) this.options.onRateLimited(taskType, grant.next);
    return grant;
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

function countTypes(peeked: Peeked[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { taskType } of peeked) counts.set(taskType, (counts.get(taskType) ?? 0) + 1);
  return counts;
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
