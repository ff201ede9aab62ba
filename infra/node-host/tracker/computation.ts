import { enqueue, throwOrLog, whileComputing } from './flush';

/** The computation whose function runs now: it depends on all that is read now. */
class Current<Computation> {
  private innermost: Computation | null = null;

  get computation(): Computation | null {
    return this.innermost;
  }

  /** Runs `func` with another current computation, or with none. */
  with<T>(computation: Computation | null, func: () => T): T {
    const outer = this.innermost;
    this.innermost = computation;
    try {
      return func();
    } finally {
      this.innermost = outer;
    }
  }
}

export type Callback = (computation: Computation) => void;

export interface ComputationOptions {
  onError?: (error: unknown) => void;
}

let nextId = 1;

/** One function and what it has read. Made by `Tracker.autorun`, ended by `stop()`. */
export class Computation {
  stopped = false;
  /** Its data has changed and it has not run again yet, or it is stopped. */
  invalidated = false;
  firstRun = true;
  /** The first return value of the function, to await an asynchronous one. */
  firstRunPromise?: Promise<unknown>;
  readonly _id = nextId++;
  private readonly invalidateCallbacks: Callback[] = [];
  private readonly stopCallbacks: Callback[] = [];
  private recomputing = false;

  constructor(
    private readonly func: (computation: Computation) => unknown,
    private readonly options: ComputationOptions,
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

  /** Calls back once: when this is next invalidated, or at once if it is already. */
  onInvalidate(callback: Callback): void {
    requireFunction(callback, 'onInvalidate');
    if (this.invalidated) this.call(callback);
    else this.invalidateCallbacks.push(callback);
  }

  /** Calls back once, when this is stopped, after the `onInvalidate` callbacks. */
  onStop(callback: Callback): void {
    requireFunction(callback, 'onStop');
    if (this.stopped) this.call(callback);
    else this.stopCallbacks.push(callback);
  }

  /** Marks this to run again with the next flush. */
  invalidate(): void {
    if (this.invalidated) return;
    // While it recomputes, it checks `invalidated` itself.
    if (!this.recomputing && !this.stopped) enqueue(this);
    this.invalidated = true;
    for (const callback of this.invalidateCallbacks.splice(0)) this.call(callback);
  }

  /** Never run again. */
  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.invalidate();
    for (const callback of this.stopCallbacks.splice(0)) this.call(callback);
  }

  /** Runs again at once if this is invalidated. */
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
    whileComputing(() => this.take(current.with(this, () => this.func(this))));
  }

  /**
   * Reports the errors of an asynchronous function as those of a synchronous one; the caller who awaits the first run
   * gets its errors.
   */
  private take(result: unknown): void {
    if (!(result instanceof Promise)) return;
    if (this.firstRun) this.firstRunPromise = result;
    result.catch(error => this.report(error));
  }

  private report(error: unknown): void {
    if (this.options.onError) this.options.onError(error);
    else throwOrLog('recompute', error);
  }

  private call(callback: Callback): void {
    current.with(null, () => callback(this));
  }
}

export const current = new Current<Computation>();

export function requireFunction(value: unknown, name: string): void {
  if (typeof value !== 'function') throw new Error(`${name} requires a function`);
}
