import type { Task } from '../model/task';
import type { Tally } from '../store/batches';
import type { DatabaseGuard } from '../store/database-guard';
import { limitKeysInLine } from '../store/mongo-slots';
import type { RateLimits } from '../store/rate-limits';
import type { TaskCounters } from '../store/task-counters';
import { type BatchDeps, findSomeBatches, judgeBatch } from './batch-ends';
import { RateLines, type UsedUp } from './rate-lines';
import { admit } from './slots';
import { judgeSome, type Released, release } from './successors';
import { ToDo } from './to-do';

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
const nothing: Released = { wentOn: 0, scheduled: false, ended: [] };

/**
 * Lets in, in a jobs role, what waits: for a slot, when a task of its limit ends; for other tasks, when they do; for a
 * batch, when its last member does; for a rate, when it has room. A sweep finds what a crash between two writes has left.
 */
export class WaitingTasks {
  private readonly toDo: ToDo<
    'slot lines' | 'successors' | 'batch creators' | 'batch cancels' | 'broken batches' | 'batches'
  >;
  private readonly rateLines: RateLines;
  private readonly sweeps: Sweep;
  private tallies = new Map<string, Tally>();
  /** Whether any task may wait for others: where none does, the end of a task asks no question. */
  private someWaitForOthers = true;
  /** How many times somebody has told of one that does. */
  private toldOfOthers = 0;

  constructor(private readonly options: WaitingTasksOptions) {
    const { core, guard, rates, wake } = options;
    const freed = (limitKeys: readonly string[]) => this.toDo.add('slot lines', limitKeys);
    this.rateLines = new RateLines({ core, guard, rates, wake, freed });
    this.toDo = new ToDo(guard, {
      'slot lines': async keys => this.tell(await admit(core, keys), nothing),
      successors: async ids => this.tell(0, await release(core, ids)),
      'batch creators': async ids => this.toDo.add('batches', await this.sealOf(ids)),
      'batch cancels': ids => this.cancelBatches(ids),
      'broken batches': ids => this.giveUpBatches(ids),
      batches: ids => this.judgeBatches(ids),
    });
    this.sweeps = new Sweep(guard, {
      'slot lines': from => this.sweepLines(from),
      successors: from => this.sweepSuccessors(from),
      batches: from => this.sweepBatches(from),
      'rate lines': from => this.rateLines.sweep(from),
    });
  }

  /** A claim has met tasks whose rate is used up: they wait until it has room. */
  lineUp(keys: readonly UsedUp[]): Promise<boolean> {
    return this.rateLines.lineUp(keys);
  }

  /** A task has left its slot. To MongoDB somebody's list of limits is in the line of each of them. */
  slotFreed({ limitKey }: Pick<Task, 'limitKey'>): void {
    this.toDo.add('slot lines', [limitKey ?? []].flat());
  }

  /** A task is done, failed, cancelled or rejected. */
  hasEnded({ _id, batch, state }: Pick<Task, '_id' | 'batch' | 'state'>): void {
    if (this.options.core.batchCreators.delete(_id)) this.toDo.add('batch creators', [_id]);
    if (batch !== undefined) this.memberEnded(batch, state);
    if (this.someWaitForOthers) this.toDo.add('successors', [_id]);
  }

  /** Somebody has added a task that waits, or one waits for a slot now. */
  heardOf({ waitsFor, limitKey, after, afterBatch }: Told): void {
    if (waitsFor === 'slot') this.slotFreed({ limitKey });
    if (waitsFor === 'predecessors') {
      this.someWaitForOthers = true;
      this.toldOfOthers += 1;
    }
    // They may have ended before this role knew that anybody waits for them.
    this.toDo.add('successors', [after ?? []].flat());
    if (typeof afterBatch === 'string') this.toDo.add('batches', [afterBatch]);
  }

  /** Looks at some of all that waits. Where that was not the end, `goOnSweeping` comes to the rest. */
  sweep(): Promise<void> {
    return this.sweeps.begin();
  }

  goOnSweeping(): Promise<void> {
    return this.sweeps.goOn();
  }

  /** Limits may have changed: lines that wait for a later moment are looked at now. */
  async lookAgain(): Promise<void> {
    this.rateLines.lookAgain();
    await this.sweep();
  }

  async stop(): Promise<void> {
    this.sweeps.stop();
    await this.rateLines.stop();
    await this.toDo.stop();
  }

  private async sweepLines(from: string): Promise<string> {
    const keys = await limitKeysInLine(this.options.core.store.collection, from, linesAtOnce);
    this.toDo.add('slot lines', keys);
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
    this.toDo.add('batches', ids);
    this.toDo.add('broken batches', abandoned);
    this.toDo.add('batch cancels', cancelling);
    return next;
  }

  private memberEnded(batch: string, state: Task['state']): void {
    const tally = this.tallies.get(batch) ?? { done: 0, failed: 0, cancelled: 0 };
    tally[state === 'done' || state === 'cancelled' ? state : 'failed'] += 1;
    this.tallies.set(batch, tally);
    this.toDo.add('batches', [batch]);
  }

  /** Who made a batch has ended: nobody adds to it any more, its own members apart. */
  private async sealOf(creators: readonly string[]): Promise<string[]> {
    const { batches } = this.options.core;
    const sealed = await batches.madeBy(creators);
    await batches.seal({ createdBy: { $in: [...creators] } });
    return sealed;
  }

  /** Their cancel may have broken off in the middle. */
  private async cancelBatches(ids: readonly string[]): Promise<void> {
    for (const id of ids) await this.options.cancelBatch(id);
  }

  /** They will never be whole. */
  private async giveUpBatches(ids: readonly string[]): Promise<void> {
    for (const batchId of ids) {
      await this.options.cancelBatch(batchId);
      this.options.core.emit('batch.abandoned', { batchId });
    }
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

/** Looks at some, from where the last look ended ('' begins with the first). @returns where to go on, '' at the end. */
type Look = (from: string) => Promise<string>;

/** Looks at all that waits, of each kind a part at a time. */
class Sweep {
  /** Where each kind goes on that it has not come to the end of. */
  private readonly positions = new Map<string, string>();
  private stopped = false;

  /** @param looks by the kind of what they look at. */
  constructor(
    private readonly guard: DatabaseGuard,
    private readonly looks: Record<string, Look>,
  ) {}

  /** Looks at some of each kind. Where that was not the end, `goOn` comes to the rest. */
  async begin(): Promise<void> {
    for (const kind of Object.keys(this.looks)) if (!this.positions.has(kind)) this.positions.set(kind, '');
    await this.goOn();
  }

  /** Looks at some more of what it has not come to yet. Where that is nothing, it asks no question. */
  async goOn(): Promise<void> {
    for (const [kind, from] of [...this.positions]) {
      if (this.stopped) return;
      const next = await this.guard.attempt(`sweep of ${kind}`, () => this.looks[kind]!(from));
      // What failed holds up no other kind: the next sweep begins with it anew.
      if (next) this.positions.set(kind, next);
      else this.positions.delete(kind);
    }
  }

  stop(): void {
    this.stopped = true;
  }
}
