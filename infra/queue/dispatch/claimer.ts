import { type AnyCatalog, findPayloadProblems } from '../../catalog';
import type { QueueCore } from '../queue-core';
import type { Ending } from '../states';
import type { KnownType, Peeked, TaskStore } from '../store/task-store';
import type { Task } from '../task';
import { newToken } from '../task-id';
import type { Grant, RateLimits } from './rate-limits';

export interface ClaimerOptions {
  core: QueueCore;
  owner: string;
  leaseMs: number;
  rates: RateLimits;
  /** How many tasks of a type run now, for its concurrency. */
  countRunning(taskType: string): number;
  /** A rate window is used up until then. */
  onRateLimited(taskType: string, until: Date): void;
}

export interface ClaimRequest {
  limit: number;
  types: readonly KnownType[];
  minPriority?: number;
}

/** What a claim brought. */
export interface Claimed {
  /** To be run. */
  tasks: Task[];
  /** Not to be run: rejected, or cancelled while they waited. */
  ended: { task: Task; ending: Ending }[];
  /** There may be more at once. */
  more: boolean;
}

/** A claim whose reply was lost: whatever it caught is to be handed back. */
interface Doubtful {
  ids: string[];
  token: string;
}

/** The head is shared by this many claimers' worth of tasks at most. */
const widest = 16;

/** peek → limit → take → verify: claims tasks of one store for one role, in batches. */
export class Claimer {
  /** Grows while others take what was peeked: four roles must not fight over one head. */
  private width = 1;
  private doubtful: Doubtful[] = [];

  constructor(
    private readonly store: TaskStore,
    private readonly options: ClaimerOptions,
  ) {}

  async claim({ limit, types, minPriority }: ClaimRequest): Promise<Claimed> {
    await this.handBackDoubtful();
    const open = types.filter(({ taskType }) => this.freeOf(taskType) > 0);
    const wanted = limit * this.width;
    const peeked = await this.store.peek({ types: open, limit: wanted, minPriority });
    const { chosen, grants, held } = await this.limit(this.pick(peeked, limit));
    const taken = await this.take(chosen);
    this.learn(chosen.length, taken.length);
    this.giveBack(grants, taken);
    const judged = this.judge(taken);
    // Some may be left: behind a full batch, behind those of a type that is full now, or taken by others before us.
    const more = peeked.length === wanted || held || (chosen.length > 0 && taken.length < chosen.length);
    return { ...judged, more: more && (taken.length > 0 || chosen.length > 0) };
  }

  private freeOf(taskType: string): number {
    const { concurrency = Number.POSITIVE_INFINITY } = this.options.core.catalog[taskType] ?? {};
    return concurrency - this.options.countRunning(taskType);
  }

  /** Of a wide look at the head, a piece from somewhere: so claimers seldom reach for the same. */
  private pick(peeked: Peeked[], limit: number): Peeked[] {
    if (peeked.length <= limit) return peeked;
    const from = Math.floor(Math.random() * (peeked.length - limit + 1));
    return peeked.slice(from, from + limit);
  }

  /** Leaves out what would exceed a type's concurrency or rate. */
  private async limit(peeked: Peeked[]) {
    const chosen: Peeked[] = [];
    const grants = new Map<string, Grant>();
    for (const [taskType, ofType] of byType(peeked)) {
      const free = ofType.slice(0, this.freeOf(taskType));
      const grant = await this.reserve(taskType, free.length);
      if (grant) grants.set(taskType, grant);
      chosen.push(...free.slice(0, grant?.granted ?? free.length));
    }
    // Back into the queue's order, which grouping by type has lost.
    const place = new Map(peeked.map((one, index) => [one._id, index]));
    chosen.sort((a, b) => place.get(a._id)! - place.get(b._id)!);
    return { chosen, grants, held: chosen.length < peeked.length };
  }

  private async reserve(taskType: string, wanted: number): Promise<Grant | undefined> {
    const { rateLimit } = this.options.core.catalog[taskType] ?? {};
    if (!rateLimit || wanted === 0) return undefined;
    const grant = await this.options.rates.reserve(taskType, wanted, rateLimit);
    if (grant.granted < wanted) this.options.onRateLimited(taskType, grant.windowEnd);
    return grant;
  }

  private giveBack(grants: Map<string, Grant>, taken: Task[]): void {
    for (const [taskType, grant] of grants) {
      const unused = grant.granted - taken.filter(task => task.taskType === taskType).length;
      // Lost where it fails: the window is a little tighter then, never wider.
      void this.options.rates.giveBack(taskType, unused, grant).catch(() => {});
    }
  }

  private async take(chosen: Peeked[]): Promise<Task[]> {
    if (chosen.length === 0) return [];
    const { owner, leaseMs, core } = this.options;
    const now = core.clock.now();
    const ids = chosen.map(({ _id }) => _id);
    const token = newToken();
    try {
      return await this.store.take(ids, { owner, token, now, leaseUntil: new Date(now.getTime() + leaseMs) });
    } catch (error) {
      this.doubtful.push({ ids, token });
      throw error;
    }
  }

  private async handBackDoubtful(): Promise<void> {
    for (const { ids, token } of this.doubtful)
      await this.store.handBack(ids.map(_id => ({ _id, owner: this.options.owner, token })));
    this.doubtful = [];
  }

  private learn(chosen: number, taken: number): void {
    if (chosen > 0 && taken < chosen / 2) this.width = Math.min(widest, this.width * 2);
    else if (taken === chosen) this.width = Math.max(1, this.width - 1);
  }

  private judge(taken: Task[]): Pick<Claimed, 'tasks' | 'ended'> {
    const ended: Claimed['ended'] = [];
    const tasks = taken.filter(task => {
      const ending = this.findEnding(task);
      if (ending) ended.push({ task, ending });
      return !ending;
    });
    return { tasks, ended };
  }

  /** Why a claimed task must not run, if so. */
  private findEnding(task: Task): Ending | undefined {
    if (task.cancelRequested) return { kind: 'cancelled' };
    const { signer, catalog } = this.options.core;
    if (!signer.verify(task)) return rejected('SignatureError', `its signature does not verify: ${unsigned(task)}`);
    // What is signed was parsed when it was added, and has not changed since.
    const problems = signer.active && isCurrent(catalog, task) ? [] : problemsOf(catalog, task);
    return problems.length > 0 ? rejected('PayloadError', problems.join('; ')) : undefined;
  }
}

function rejected(name: string, message: string): Ending {
  return { kind: 'rejected', error: { name, message } };
}

function unsigned({ signature }: Task): string {
  return signature === undefined
    ? 'it has none, although queue.signingKey is set'
    : 'somebody without the key wrote or changed it';
}

function isCurrent(catalog: AnyCatalog, { taskType, catalogVersion }: Task): boolean {
  return catalog[taskType]?.version === catalogVersion;
}

function problemsOf(catalog: AnyCatalog, { taskType, data }: Task): string[] {
  const definition = catalog[taskType];
  return definition ? findPayloadProblems(definition, data) : [`unknown task type ${taskType}`];
}

function byType(peeked: Peeked[]): Map<string, Peeked[]> {
  const groups = new Map<string, Peeked[]>();
  for (const one of peeked) groups.set(one.taskType, [...(groups.get(one.taskType) ?? []), one]);
  return groups;
}
