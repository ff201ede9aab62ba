import { Coalesced } from '../../timing/coalesced';
import { GrowingPause } from '../../timing/growing-pause';
import type { Task } from '../model/task';
import type { Tally } from '../store/batches';
import { isDatabaseAway } from '../store/database-errors';
import { type DatabaseGuard, retryPauses } from '../store/database-guard';
import { limitKeysInLine } from '../store/mongo-slots';
import type { RateLimits } from '../store/rate-limits';
import type { TaskCounters } from '../store/task-counters';
import { type BatchDeps, findSomeBatches, judgeBatch } from './batch-ends';
import { RateLines, type UsedUp } from './rate-lines';
import { admit } from './slots';
import { judgeSome, type Released, release } from './successors';

export interface WaitingTasksOptions {
  /** `batchCreators`: the tasks of this process whose handlers have made a batch. */
  core: BatchDeps & { readonly batchCreators: Set<string> };
  guard: DatabaseGuard;
  counters: TaskCounters;
  rates: RateLimits;
  cancelBatch(batchId: string): Promise<unknown>;
  /** Tasks may start that could not before. */
  wake(): void;
  /** Tasks have been scheduled. */
  datesChanged(): void;
}

/** What a change of a task tells of what waits. */
type Told = Pick<Task, 'waitsFor' | 'limitKey' | 'after' | 'afterBatch'>;

/** One look of the sweep takes no more lines than this. */
const linesAtOnce = 200;
/** So much is kept for another try; the sweep finds what is beyond that. */
const mostKept = 10_000;
const nothing: Released = { wentOn: 0, scheduled: false, ended: [] };

/**
 * Lets in, in a jobs role, what waits: for a slot, when a task of its limit ends; for other tasks, when they do; for a
 * batch, when its last member does; for a rate, when it has room. What is heard together is done together. A sweep
 * finds what a crash between two writes has left.
 */
export class WaitingTasks {
  private readonly freed = new Set<string>();
  private readonly ended = new Set<string>();
  private readonly batches = new Set<string>();
  private readonly creators = new Set<string>();
  /** Batches whose cancel may have broken off in the middle, and those that will never be whole. */
  private readonly cancelling = new Set<string>();
  private readonly abandoned = new Set<string>();
  private tallies = new Map<string, Tally>();
  /** Whether any task may wait for others: where none does, the end of a task asks no question. */
  private someWaitForOthers = true;
  /** How many times somebody has told of one that does. */
  private toldOfOthers = 0;
  /** What failed, of each kind, until it succeeds. */
  private readonly failed = new Map<Set<string>, Set<string>>();
  private readonly retryPause = new GrowingPause(retryPauses);
  private retryTimer: NodeJS.Timeout | undefined;
  /** Where the sweep goes on, for each kind that it has not come to the end of; '' at the beginning. */
  private readonly positions = new Map<string, string>();
  /** Each finds some, to be dealt with like what is heard, and says where to go on, '' at the end. */
  private readonly looks: Record<string, (from: string) => Promise<string>> = {
    'slot lines': from => this.sweepLines(from),
    successors: from => this.sweepSuccessors(from),
    batches: from => this.sweepBatches(from),
    'rate lines': from => this.rateLines.sweep(from),
  };
  private stopped = false;
  private readonly works = new Coalesced(
    () => this.work(),
    () => this.isMore(),
  );

  private readonly rateLines: RateLines;

  constructor(private readonly options: WaitingTasksOptions) {
    const { core, guard, rates, wake } = options;
    const freed = (limitKeys: readonly string[]) => {
      for (const limitKey of limitKeys) this.slotFreed({ limitKey });
    };
    this.rateLines = new RateLines({ core, guard, rates, wake, freed });
  }

  /** A claim has met tasks whose rate is used up: they wait until it has room. */
  lineUp(keys: readonly UsedUp[]): Promise<boolean> {
    return this.rateLines.lineUp(keys);
  }

  /** A task has left its slot. To MongoDB somebody's list of limits is in the line of each of them. */
  slotFreed({ limitKey }: Pick<Task, 'limitKey'>): void {
    for (const key of [limitKey ?? []].flat()) this.freed.add(key);
    this.workSoon();
  }

  /** A task is done, failed, cancelled or rejected. */
  hasEnded({ _id, batch, state }: Pick<Task, '_id' | 'batch' | 'state'>): void {
    if (this.options.core.batchCreators.delete(_id)) this.creators.add(_id);
    if (batch !== undefined) this.memberEnded(batch, state);
    if (this.someWaitForOthers) this.ended.add(_id);
    this.workSoon();
  }

  /** Somebody has added a task that waits, or one waits for a slot now. */
  heardOf({ waitsFor, limitKey, after, afterBatch }: Told): void {
    if (waitsFor === 'slot') this.slotFreed({ limitKey });
    if (waitsFor === 'predecessors') {
      this.someWaitForOthers = true;
      this.toldOfOthers += 1;
    }
    // They may have ended before this role knew that anybody waits for them.
    for (const id of [after ?? []].flat()) this.ended.add(id);
    if (typeof afterBatch === 'string') this.batches.add(afterBatch);
    this.workSoon();
  }

  /** Looks at some of all that waits. Where that was not the end, `goOnSweeping` comes to the rest. */
  async sweep(): Promise<void> {
    for (const kind of Object.keys(this.looks)) if (!this.positions.has(kind)) this.positions.set(kind, '');
    await this.goOnSweeping();
  }

  /** Looks at some more of what the sweep has not come to yet. Where that is nothing, it asks no question. */
  async goOnSweeping(): Promise<void> {
    for (const [kind, from] of [...this.positions]) {
      if (this.stopped) return;
      const next = await this.options.guard.attempt(`sweep of ${kind}`, () => this.looks[kind]!(from));
      // What failed holds up no other kind: the next sweep begins with it anew.
      if (next) this.positions.set(kind, next);
      else this.positions.delete(kind);
    }
  }

  /** Limits may have changed: lines that wait for a later moment are looked at now. */
  async lookAgain(): Promise<void> {
    this.rateLines.lookAgain();
    await this.sweep();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.retryTimer);
    await this.rateLines.stop();
    await this.works.stop();
  }

  private async sweepLines(from: string): Promise<string> {
    const keys = await limitKeysInLine(this.options.core.store.collection, from, linesAtOnce);
    for (const limitKey of keys) this.slotFreed({ limitKey });
    return keys.length < linesAtOnce ? '' : (keys.at(-1) as string);
  }

  private async sweepSuccessors(from: string): Promise<string> {
    const { toldOfOthers } = this;
    const { next, stay, ...released } = await judgeSome(this.options.core, from);
    // One that was added meanwhile may be missing in what was read.
    const isAll = from === '' && next === '' && toldOfOthers === this.toldOfOthers;
    if (stay > 0 || isAll) this.someWaitForOthers = stay > 0;
    this.tell(0, released);
    return next;
  }

  private async sweepBatches(from: string): Promise<string> {
    const { ids, next, abandoned, cancelling } = await findSomeBatches(this.options.core, from);
    for (const id of ids) this.batches.add(id);
    for (const id of abandoned) this.abandoned.add(id);
    for (const id of cancelling) this.cancelling.add(id);
    this.workSoon();
    return next;
  }

  private memberEnded(batch: string, state: Task['state']): void {
    const tally = this.tallies.get(batch) ?? { done: 0, failed: 0, cancelled: 0 };
    tally[state === 'done' || state === 'cancelled' ? state : 'failed'] += 1;
    this.tallies.set(batch, tally);
    this.batches.add(batch);
  }

  private isMore(): boolean {
    const heard = [this.freed, this.ended, this.batches, this.creators, this.cancelling, this.abandoned];
    return heard.some(({ size }) => size > 0);
  }

  private workSoon(): void {
    if (this.isMore()) this.works.soon();
  }

  private async work(): Promise<void> {
    const { core, cancelBatch } = this.options;
    await this.dealWith('slot lines', this.freed, async keys => this.tell(await admit(core, keys), nothing));
    await this.dealWith('successors', this.ended, async ids => this.tell(0, await release(core, ids)));
    await this.dealWith('batch creators', this.creators, async ids => {
      for (const batch of await this.sealOf(ids)) this.batches.add(batch);
    });
    await this.dealWith('cancelled batches', this.cancelling, async ids => {
      for (const id of ids) await cancelBatch(id);
    });
    await this.dealWith('abandoned batches', this.abandoned, async ids => {
      for (const batchId of ids) {
        await cancelBatch(batchId);
        core.emit('batch.abandoned', { batchId });
      }
    });
    await this.dealWith('batches', this.batches, ids => this.judgeBatches(ids));
    if ([...this.failed.values()].every(({ size }) => size === 0)) this.retryPause.reset();
  }

  /** Deals with all that was heard of one kind. What fails is tried again after a pause, and holds up nothing else. */
  private async dealWith(
    kind: string,
    heard: Set<string>,
    action: (keys: readonly string[]) => Promise<void>,
  ): Promise<void> {
    const keys = take(heard);
    if (keys.length === 0) return;
    const { guard } = this.options;
    const left = new Set(keys);
    const failed = this.failed.get(heard) ?? new Set();
    this.failed.set(heard, failed);
    try {
      await together(keys, left, action);
    } catch (error) {
      guard.failed(kind, error);
      this.retryLater(failed, left);
    }
    for (const key of keys) if (!left.has(key)) failed.delete(key);
    // As long as one of a kind goes on failing, that is reported once.
    if (failed.size === 0) guard.succeeded(kind);
  }

  private retryLater(failed: Set<string>, keys: ReadonlySet<string>): void {
    for (const key of keys) if (failed.size < mostKept) failed.add(key);
    if (this.retryTimer || this.stopped) return;
    this.retryTimer = setTimeout(() => this.retry(), this.retryPause.next());
  }

  private retry(): void {
    this.retryTimer = undefined;
    for (const [heard, keys] of this.failed) for (const key of keys) heard.add(key);
    this.workSoon();
  }

  /** Who made a batch has ended: nobody adds to it any more, its own members apart. */
  private async sealOf(creators: readonly string[]): Promise<string[]> {
    const { batches } = this.options.core;
    const sealed = await batches.madeBy(creators);
    await batches.seal({ createdBy: { $in: [...creators] } });
    return sealed;
  }

  private async judgeBatches(ids: readonly string[]): Promise<void> {
    const { core, guard } = this.options;
    const { tallies } = this;
    this.tallies = new Map();
    // Only what is shown: where it can't be written, the end of the batch counts exactly.
    if (tallies.size > 0) await guard.attempt('batch counts', () => core.batches.count(tallies));
    for (const id of new Set(ids)) if (await judgeBatch(core, id)) this.options.wake();
  }

  private tell(admitted: number, { wentOn, scheduled, ended }: Released): void {
    const { counters, wake, datesChanged } = this.options;
    for (const task of ended) {
      counters.add(task.taskType, task.state === 'failed' ? 'failed' : 'cancelled');
      this.hasEnded(task);
    }
    if (scheduled) datesChanged();
    if (wentOn + admitted > 0) wake();
  }
}

/**
 * All together or, where that fails, each half by itself: one that fails holds up no other.
 *
 * @param left what has been dealt with is taken out of it.
 * @throws a failure, when all have been tried; at once where the database is away.
 */
async function together(
  keys: readonly string[],
  left: Set<string>,
  action: (keys: readonly string[]) => Promise<void>,
): Promise<void> {
  try {
    await action(keys);
    for (const key of keys) left.delete(key);
  } catch (error) {
    if (keys.length === 1 || isDatabaseAway(error)) throw error;
    const middle = keys.length >> 1;
    const first = await together(keys.slice(0, middle), left, action).catch(orAway);
    await together(keys.slice(middle), left, action);
    if (first) throw first;
  }
}

function orAway(error: unknown): unknown {
  if (isDatabaseAway(error)) throw error;
  return error;
}

function take(set: Set<string>): string[] {
  const all = [...set];
  set.clear();
  return all;
}
