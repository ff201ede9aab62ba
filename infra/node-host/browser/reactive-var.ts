import { Tracker } from '../tracker/tracker';

/** One value that computations depend on. */
export class ReactiveVar<T> {
  private readonly dependency = new Tracker.Dependency();

  /** @param equals whether a new value means no change; without it only primitive values can be the same */
  constructor(
    private value: T,
    private readonly equals: (before: T, after: T) => boolean = isSamePrimitive,
  ) {}

  get(): T {
    this.dependency.depend();
    return this.value;
  }

  set(value: T): void {
    if (this.equals(this.value, value)) return;
    this.value = value;
    this.dependency.changed();
  }
}

/** An object may have been changed in place. */
function isSamePrimitive(before: unknown, after: unknown): boolean {
  return before === after && (typeof after !== 'object' || after === null);
}
