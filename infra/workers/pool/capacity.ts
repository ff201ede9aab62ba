import { fits, rounded } from '../protocol/task-types';
import type { Estimates } from './estimates';
import type { PendingAttempts, WorkerLoad } from './pending-attempts';
import type { ResolvedPoolOptions } from './pool-options';
import type { WorkerSet } from './worker-set';

/** The work that may wait for each worker, so that it never runs out of it during the next claim. */
const aheadMs = 50;
/** No task waits for a worker that will be busy for longer than this. */
const soonMs = 2 * aheadMs;

/** How much more a pool takes, and when to announce it for a claim. Nothing before `open` and after `close`. */
export class Capacity {
  private wake: (() => void) | undefined;
  private signalled = false;

  constructor(
    private readonly options: Pick<ResolvedPoolOptions, 'prefetch'>,
    private readonly workers: WorkerSet,
    private readonly pending: PendingAttempts,
    private readonly estimates: Estimates,
  ) {}

  /** @param wake is called when there may be room for more. */
  open(wake: () => void): void {
    this.wake = wake;
    this.signal();
  }

  close(): void {
    this.wake = undefined;
  }

  /** How many tasks of the usual kind. */
  count(): number {
    return this.free()?.count(this.estimates.usual) ?? 0;
  }

  /** How many of tasks of these types, in this order. */
  fitting(taskTypes: readonly string[]): number {
    const free = this.free();
    const first = taskTypes.findIndex(taskType => !free?.admit(this.estimates.of(taskType)));
    return first < 0 ? taskTypes.length : first;
  }

  /** How many of the tasks that wait here, in their order, have room. */
  ofPending(): number {
    const free = this.whole();
    const first = this.pending.expectations().findIndex(expectedMs => !free.admit(expectedMs));
    return first < 0 ? this.pending.size : first;
  }

  /**
   * There may be room. Wakes once a tick, and not while much waits: many small claims cost more than a few larger ones.
   */
  signal(): void {
    if (this.signalled || !this.wake) return;
    this.signalled = true;
    setImmediate(() => {
      this.signalled = false;
      if (this.count() >= Math.max(1, this.pending.size)) this.wake?.();
    });
  }

  /** The room beside all waiting tasks; undefined if even these have none. */
  private free(): FreeCapacity | undefined {
    if (!this.wake) return undefined;
    const free = this.whole();
    return this.pending.expectations().every(expectedMs => free.admit(expectedMs)) ? free : undefined;
  }

  private whole(): FreeCapacity {
    return new FreeCapacity(this.workers.countedOn(), this.workers.spareWorkers(), this.options.prefetch);
  }
}

/**
 * The tasks that a pool can still take: one for each free slot, and short ones ahead. It takes no long task ahead, and
 * none of unknown duration: another role may have a free slot for it, or a more urgent task may come. Tasks are
 * admitted one after the other; each takes its part of what the next one finds.
 */
export class FreeCapacity {
  private slots: number;
  private ms: number;

  /**
   * @param spare how many workers may still be started.
   * @param ahead how many tasks may wait at most.
   */
  constructor(
    workers: Iterable<WorkerLoad>,
    spare: number,
    private ahead: number,
  ) {
    this.slots = spare;
    this.ms = spare * aheadMs;
    for (const worker of workers) {
      this.slots += slotsOf(worker);
      if (worker.state !== 'leaving' && worker.backlogMs <= soonMs) this.ms += aheadMs;
    }
  }

  /** Whether there is room for a task with this expected duration; if so, the task takes it. */
  admit(expectedMs: number): boolean {
    if (this.ahead > 0 && expectedMs <= this.ms) {
      this.ahead -= 1;
      this.ms -= expectedMs;
      return true;
    }
    if (this.slots <= 0) return false;
    this.slots -= 1;
    if (expectedMs > soonMs) this.ms -= aheadMs;
    return true;
  }

  /** How many tasks of one kind have room. */
  count(expectedMs: number): number {
    const ahead = Math.max(0, Math.floor(this.ms / expectedMs));
    return Math.max(0, this.slots) + Math.min(this.ahead, ahead);
  }
}

/** An idle worker has one slot; a busy one has as many as its smallest running task would need. */
function slotsOf({ state, load, attempts }: WorkerLoad): number {
  if (state === 'leaving') return 0;
  const weight = attempts.size > 0 ? Math.min(...[...attempts.values()].map(attempt => attempt.weight)) : 1;
  return fits(load, weight) ? Math.floor(rounded((1 - load) / weight)) : 0;
}
