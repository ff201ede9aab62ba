import { Coalesced } from '../../timing/coalesced';
import type { Task } from '../model/task';
import type { Tally } from '../store/batches';
import type { DatabaseGuard } from '../store/database-guard';
import type { RateLimits } from '../store/rate-limits';
import type { TaskCounters } from '../store/task-counters';
import { type BatchDeps, judgeBatch, judgeSomeBatches, type SomeBatches } from './batch-ends';
import { RateLines, type UsedUp } from './rate-lines';
import { admit, admitSome } from './slots';
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
  private tallies = new Map<string, Tally>();
  /** Whether any task may wait for others: where none does, the end of a task asks no question. */
  private someWaitForOthers = true;
  private position = { line: '', task: '', batch: '' };
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

  /** A task has left its slot. */
  slotFreed({ limitKey }: Pick<Task, 'limitKey'>): void {
    if (limitKey === undefined) return;
    this.freed.add(limitKey);
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
    if (waitsFor === 'predecessors') this.someWaitForOthers = true;
    // They may have ended before this role knew that anybody waits for them.
    for (const id of after ?? []) this.ended.add(id);
    if (afterBatch !== undefined) this.batches.add(afterBatch);
    this.workSoon();
  }

  /** Looks at some of all that waits; called again and again, it comes to all. */
  async sweep(): Promise<void> {
    if (this.stopped) return;
    const { core, guard } = this.options;
    await guard.attempt('waiting tasks', async () => {
      const lines = await admitSome(core, this.position.line, linesAtOnce);
      const others = await judgeSome(core, this.position.task);
      if (this.position.task === '' && others.next === '') this.someWaitForOthers = others.stay > 0;
      const batches = await judgeSomeBatches(core, this.position.batch);
      await this.cancelBatches(batches);
      this.position = { line: lines.next, task: others.next, batch: batches.next };
      this.tell(lines.admitted + batches.ended, others);
      await this.rateLines.sweep();
    });
  }

  /** Limits may have changed: lines that wait for a later moment are looked at now. */
  async lookAgain(): Promise<void> {
    this.rateLines.lookAgain();
    await this.sweep();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.rateLines.stop();
    await this.works.stop();
  }

  private async cancelBatches({ abandoned, cancelling }: SomeBatches): Promise<void> {
    const { core, cancelBatch } = this.options;
    for (const batchId of [...abandoned, ...cancelling]) await cancelBatch(batchId);
    for (const batchId of abandoned) core.emit('batch.abandoned', { batchId });
  }

  private memberEnded(batch: string, state: Task['state']): void {
    const tally = this.tallies.get(batch) ?? { done: 0, failed: 0, cancelled: 0 };
    tally[state === 'done' || state === 'cancelled' ? state : 'failed'] += 1;
    this.tallies.set(batch, tally);
    this.batches.add(batch);
  }

  private isMore(): boolean {
    return this.freed.size + this.ended.size + this.batches.size + this.creators.size > 0;
  }

  private workSoon(): void {
    if (this.isMore()) this.works.soon();
  }

  private async work(): Promise<void> {
    const [limitKeys, ids, batches] = [take(this.freed), take(this.ended), take(this.batches)];
    const creators = take(this.creators);
    const { core, guard } = this.options;
    await guard.attempt('waiting tasks', async () => {
      const admitted = await admit(core, limitKeys);
      this.tell(admitted, await release(core, ids));
      if (creators.length > 0) batches.push(...(await this.sealOf(creators)));
      if (batches.length > 0) await this.judgeBatches(batches);
    });
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

function take(set: Set<string>): string[] {
  const all = [...set];
  set.clear();
  return all;
}
