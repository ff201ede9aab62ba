import { type Callback, Computation, type ComputationOptions, current, requireFunction } from './computation';
import { enqueueAfterFlush, flushNow, inFlush } from './flush';

/** Something that computations read and that changes. */
class Dependency {
  private readonly dependents = new Map<number, Computation>();

  /** The current (or given) computation runs again when this changes. @returns whether it is a new dependent. */
  depend(computation: Computation | null = current.computation): boolean {
    if (!computation || this.dependents.has(computation._id)) return false;
    this.dependents.set(computation._id, computation);
    computation.onInvalidate(() => this.dependents.delete(computation._id));
    return true;
  }

  changed(): void {
    for (const computation of [...this.dependents.values()]) computation.invalidate();
  }

  hasDependents(): boolean {
    return this.dependents.size > 0;
  }
}

export type { Computation };

/**
 * Meteor's Tracker: functions that run again when what they read has changed.
 *
 * Ours, because the one kept port on npm (`@meteorrn/core`) brings React Native along as a peer.
 */
export const Tracker = {
  Computation,
  Dependency,
  inFlush,
  /** Calls back once, when everything invalidated has run again. */
  afterFlush: enqueueAfterFlush,

  /** There is a current computation: reads are tracked now. */
  get active(): boolean {
    return current.computation !== null;
  },

  get currentComputation(): Computation | null {
    return current.computation;
  },

  /**
   * Runs `func` now and again after each change of what it read. Inside another computation it ends with that one's run.
   *
   * @throws what the first run throws; errors of later runs go to `onError` or the console
   */
  autorun(func: (computation: Computation) => unknown, options: ComputationOptions = {}): Computation {
    requireFunction(func, 'Tracker.autorun');
    const computation = new Computation(func, options);
    current.computation?.onInvalidate(() => computation.stop());
    return computation;
  },

  /** Reads without depending. */
  nonreactive: <T>(func: () => T): T => current.with(null, func),

  /** Runs `func` with `computation` as the current one: for what comes after an `await` in an autorun. */
  withComputation: <T>(computation: Computation | null, func: () => T): T => current.with(computation, func),

  /** @throws outside of a computation. */
  onInvalidate(callback: Callback): void {
    if (!current.computation) throw new Error('Tracker.onInvalidate requires a currentComputation');
    current.computation.onInvalidate(callback);
  },

  /** Runs all invalidated computations now. */
  flush(options?: { _throwFirstError?: boolean }): void {
    flushNow({ throwFirstError: Boolean(options?._throwFirstError) });
  },
};
