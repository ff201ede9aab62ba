/**
 * Meteor's Tracker: functions that run again when what they read has changed.
 *
 * Ours, because the one kept port on npm (`@meteorrn/core`) brings React Native along as a peer.
 */

type Callback = (computation: Computation) => void;

let nextId = 1;
const pending: Computation[] = [];
const afterFlushCallbacks: (() => void)[] = [];
/** A flush is scheduled or under way. */
let willFlush = false;
let inFlush = false;
/** Stays true inside `nonreactive`, where `Tracker.active` does not. */
let inCompute = false;
let throwFirstError = false;

/** Reruns of one asynchronous flush before it lets the event loop breathe. */
const rerunsAtOnce = 1000;

function requireFlush(): void {
  if (willFlush) return;
  willFlush = true;
  setTimeout(() => runFlush({ finishSynchronously: false }), 0);
}

function throwOrLog(from: string, error: unknown): void {
  if (throwFirstError) throw error;
  console.error(`Exception from Tracker ${from} function:`, error);
}

/** One function and what it has read. Made by `Tracker.autorun`, ended by `stop()`. */
class Computation {
  stopped = false;
  /** Its data has changed and it has not run again yet, or it is stopped. */
  invalidated = false;
  firstRun = true;
  /** What the function returned first: to await an asynchronous one. */
  firstRunPromise?: Promise<unknown>;
  readonly _id = nextId++;
  private invalidateCallbacks: Callback[] = [];
  private stopCallbacks: Callback[] = [];
  private recomputing = false;

  constructor(
    private readonly func: (computation: Computation) => unknown,
    private readonly onError?: (error: unknown) => void,
  ) {
    let completed = false;
    try {
      this.compute();
      completed = true;
    } finally {
      this.firstRun = false;
      if (!completed) this.stop();
    }
  }

  /** Calls back once: when this is next invalidated, or at once where it is already. */
  onInvalidate(callback: Callback): void {
    requireFunction(callback, 'onInvalidate');
    if (this.invalidated) Tracker.nonreactive(() => callback(this));
    else this.invalidateCallbacks.push(callback);
  }

  /** Calls back once: when this is stopped, after the `onInvalidate` callbacks. */
  onStop(callback: Callback): void {
    requireFunction(callback, 'onStop');
    if (this.stopped) Tracker.nonreactive(() => callback(this));
    else this.stopCallbacks.push(callback);
  }

  /** Marks this to run again with the next flush. */
  invalidate(): void {
    if (this.invalidated) return;
    // While it recomputes it will look at `invalidated` by itself.
    if (!this.recomputing && !this.stopped) {
      requireFlush();
      pending.push(this);
    }
    this.invalidated = true;
    const callbacks = this.invalidateCallbacks;
    this.invalidateCallbacks = [];
    for (const callback of callbacks) Tracker.nonreactive(() => callback(this));
  }

  /** Never run again. */
  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.invalidate();
    const callbacks = this.stopCallbacks;
    this.stopCallbacks = [];
    for (const callback of callbacks) Tracker.nonreactive(() => callback(this));
  }

  /** Runs again at once where this is invalidated. */
  flush(): void {
    if (!this.recomputing) this._recompute();
  }

  /** Runs again at once. */
  run(): void {
    this.invalidate();
    this.flush();
  }

  _needsRecompute(): boolean {
    return this.invalidated && !this.stopped;
  }

  _recompute(): void {
    if (!this._needsRecompute()) return;
    this.recomputing = true;
    try {
      this.compute();
    } catch (error) {
      this.report(error);
    } finally {
      this.recomputing = false;
    }
  }

  private compute(): void {
    this.invalidated = false;
    const outer = inCompute;
    inCompute = true;
    try {
      this.take(Tracker.withComputation(this, () => this.func(this)));
    } finally {
      inCompute = outer;
    }
  }

  /** The errors of an asynchronous function are told as those of a synchronous one; the first run's go to who awaits it. */
  private take(result: unknown): void {
    if (!(result instanceof Promise)) return;
    if (this.firstRun) this.firstRunPromise = result;
    result.catch(error => this.report(error));
  }

  private report(error: unknown): void {
    if (this.onError) this.onError(error);
    else throwOrLog('recompute', error);
  }
}

/** Something that computations read and that changes. */
class Dependency {
  private readonly dependents = new Map<number, Computation>();

  /** The current (or given) computation runs again when this changes. @returns whether it is a new dependent. */
  depend(computation: Computation | null = Tracker.currentComputation): boolean {
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

function requireFunction(value: unknown, name: string): void {
  if (typeof value !== 'function') throw new Error(`${name} requires a function`);
}

function runFlush({ finishSynchronously }: { finishSynchronously: boolean }): void {
  if (inFlush) throw new Error("Can't call Tracker.flush while flushing");
  if (inCompute) throw new Error("Can't flush inside Tracker.autorun");
  inFlush = true;
  willFlush = true;
  try {
    flushAll(finishSynchronously ? Number.POSITIVE_INFINITY : rerunsAtOnce);
  } finally {
    endFlush();
  }
}

function flushAll(limit: number): void {
  for (let reruns = 0; pending.length > 0 || afterFlushCallbacks.length > 0; ) {
    const computation = pending.shift();
    if (computation) {
      computation._recompute();
      if (computation._needsRecompute()) pending.unshift(computation);
      reruns += 1;
      if (reruns > limit) return;
    } else runAfterFlush(afterFlushCallbacks.shift()!);
  }
}

function runAfterFlush(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    throwOrLog('afterFlush', error);
  }
}

function endFlush(): void {
  willFlush = false;
  inFlush = false;
  throwFirstError = false;
  // Left over by the limit, or by an error that was thrown on: they get their turn.
  if (pending.length > 0 || afterFlushCallbacks.length > 0) requireFlush();
}

export type { Computation, Dependency };

export const Tracker = {
  /** There is a current computation: what is read now is tracked. */
  active: false,
  currentComputation: null as Computation | null,
  Computation,
  Dependency,

  /**
   * Runs `func` now and again after each change of what it read. Inside another computation it ends with that one's run.
   *
   * @throws what the first run throws; errors of later runs go to `onError` or the console
   */
  autorun(
    func: (computation: Computation) => unknown,
    options: { onError?: (error: unknown) => void } = {},
  ): Computation {
    requireFunction(func, 'Tracker.autorun');
    const computation = new Computation(func, options.onError);
    if (Tracker.active) Tracker.onInvalidate(() => computation.stop());
    return computation;
  },

  /** Reads without depending. */
  nonreactive<T>(func: () => T): T {
    return Tracker.withComputation(null, func);
  },

  /** Runs `func` with `computation` as the current one: for what comes after an `await` in an autorun. */
  withComputation<T>(computation: Computation | null, func: () => T): T {
    const outer = Tracker.currentComputation;
    Tracker.currentComputation = computation;
    Tracker.active = computation !== null;
    try {
      return func();
    } finally {
      Tracker.currentComputation = outer;
      Tracker.active = outer !== null;
    }
  },

  /** @throws outside of a computation. */
  onInvalidate(callback: Callback): void {
    if (!Tracker.currentComputation) throw new Error('Tracker.onInvalidate requires a currentComputation');
    Tracker.currentComputation.onInvalidate(callback);
  },

  /** Runs all invalidated computations now. */
  flush(options?: { _throwFirstError?: boolean }): void {
    throwFirstError = Boolean(options?._throwFirstError);
    runFlush({ finishSynchronously: true });
  },

  inFlush: (): boolean => inFlush,

  /** Calls back once, when everything invalidated has run again. */
  afterFlush(callback: () => void): void {
    afterFlushCallbacks.push(callback);
    requireFlush();
  },
};
