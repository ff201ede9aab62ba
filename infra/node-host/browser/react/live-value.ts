import { type Computation, Tracker } from '../../tracker/tracker';

export type Read<T> = (computation: Computation) => T;
/** true: the new value is no reason to render. */
export type SkipUpdate<T> = (previous: T, next: T) => boolean;

/** A computation that a rendering began and no component took over (React may throw renderings away) ends after this. */
const abandonedAfterMs = 1000;

interface State<T> {
  value?: T;
  /** The error of a read: the next rendering throws it. */
  failure?: { error: unknown };
}

/** A reactive function's value for one component: read while rendering, kept up to date once it is mounted. */
export class LiveValue<T> {
  private state: State<T> = {};
  private computation: Computation | undefined;
  private onChange: (() => void) | undefined;
  private abandonTimer: ReturnType<typeof setTimeout> | undefined;
  private rendering = false;
  private readFn!: Read<T>;
  private skipUpdate: SkipUpdate<T> | undefined;
  private readsInEachRendering = false;

  /** Takes the latest closures: later reruns use them. */
  keep(readFn: Read<T>, options: { skipUpdate?: SkipUpdate<T>; readsInEachRendering: boolean }): void {
    this.readFn = readFn;
    this.skipUpdate = options.skipUpdate;
    this.readsInEachRendering = options.readsInEachRendering;
  }

  /** While rendering: reads again. Its computation goes on, so that it keeps its subscriptions. */
  refresh(): void {
    this.rendering = true;
    try {
      if (this.computation && !this.computation.stopped) this.computation.run();
      else this.start();
    } finally {
      this.rendering = false;
    }
    if (!this.onChange) this.stopUnlessTakenOver();
  }

  /** For useSyncExternalStore. */
  subscribe = (onChange: () => void): (() => void) => {
    clearTimeout(this.abandonTimer);
    this.onChange = onChange;
    if (this.computation?.stopped) this.start();
    return () => {
      this.onChange = undefined;
      this.computation?.stop();
    };
  };

  getSnapshot = (): State<T> => this.state;

  private start(): void {
    // The component's own computation, whatever it is rendered in.
    Tracker.nonreactive(() => Tracker.autorun(computation => this.compute(computation)));
  }

  private compute(computation: Computation): void {
    this.computation = computation;
    const next = this.read(computation);
    if (this.isNews(next)) {
      this.state = next;
      if (!this.rendering) this.onChange?.();
    }
  }

  private read(computation: Computation): State<T> {
    // As in Meteor, Tracker reports a rerun between renderings that throws, and the last value stays.
    if (!this.rendering && !this.readsInEachRendering) return { value: this.readFn(computation) };
    try {
      return { value: this.readFn(computation) };
    } catch (error) {
      return { failure: { error } };
    }
  }

  private isNews(next: State<T>): boolean {
    if (!('value' in this.state && 'value' in next)) return true;
    const [before, after] = [this.state.value as T, next.value as T];
    if (sameData(before, after)) return false;
    return this.rendering || !this.skipUpdate?.(before, after);
  }

  private stopUnlessTakenOver(): void {
    clearTimeout(this.abandonTimer);
    this.abandonTimer = setTimeout(() => this.computation?.stop(), abandonedAfterMs);
  }
}

interface Comparable {
  equals(other: unknown): boolean;
}

/** Deeper than any document. Deeper values count as different, so that a cycle ends. */
const deepest = 50;

/** Whether two values are the same data: plain objects, arrays, dates, bytes and ids by content, all else by identity. */
export function sameData(a: unknown, b: unknown, depth = 0): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || depth > deepest) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (Array.isArray(a) || a instanceof Uint8Array) return sameItems(a, b as typeof a, depth);
  if (a instanceof Date) return a.getTime() === (b as Date).getTime();
  if (isPlain(a)) return sameFields(a, b as typeof a, depth);
  return isComparable(a) && a.equals(b);
}

function sameItems(a: ArrayLike<unknown>, b: ArrayLike<unknown>, depth: number): boolean {
  return a.length === b.length && Array.from(a).every((item, index) => sameData(item, b[index], depth + 1));
}

function sameFields(a: Record<string, unknown>, b: Record<string, unknown>, depth: number): boolean {
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every(key => Object.hasOwn(b, key) && sameData(a[key], b[key], depth + 1));
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isComparable(value: object): value is Comparable {
  return 'equals' in value && typeof value.equals === 'function';
}
