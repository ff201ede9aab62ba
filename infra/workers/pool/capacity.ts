import { fits, rounded } from '../protocol/weight';

/** The work that may wait for each worker, so that it is never short of it while the next claim is under way. */
const aheadMs = 50;
/** A worker that is busy for longer than this is not waited for. */
const soonMs = 2 * aheadMs;

/** What capacity looks at in a worker. */
export interface Seat {
  readonly state: string;
  readonly load: number;
  /** How long its runs will take together. */
  readonly backlogMs: number;
  readonly runs: ReadonlyMap<number, { readonly weight: number }>;
}

/**
 * What a pool can still take: a task for each free slot, and short ones ahead of their time. A task that takes long, or
 * of which nobody knows, is not taken ahead: another role may have a free slot for it, and what is more urgent may come.
 * Tasks are admitted one after the other; each takes its part of what the next one finds.
 */
export class Capacity {
  private slots: number;
  private ms: number;

  /**
   * @param unborn how many workers may still be started.
   * @param ahead how many tasks may wait at most.
   */
  constructor(
    workers: Iterable<Seat>,
    unborn: number,
    private ahead: number,
  ) {
    this.slots = unborn;
    this.ms = unborn * aheadMs;
    for (const worker of workers) {
      this.slots += slotsOf(worker);
      if (worker.state !== 'leaving' && worker.backlogMs <= soonMs) this.ms += aheadMs;
    }
  }

  /** Whether there is room for a task that is expected to take so long; it is taken then. */
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

  /** How many of a kind of task could be admitted. */
  count(expectedMs: number): number {
    const ahead = Math.max(0, Math.floor(this.ms / expectedMs));
    return Math.max(0, this.slots) + Math.min(this.ahead, ahead);
  }
}

/** One in an idle worker, whatever will come, and as many as fit of what runs in a worker already. */
function slotsOf({ state, load, runs }: Seat): number {
  if (state === 'leaving') return 0;
  const weight = runs.size > 0 ? Math.min(...[...runs.values()].map(run => run.weight)) : 1;
  return fits(load, weight) ? Math.floor(rounded((1 - load) / weight)) : 0;
}
