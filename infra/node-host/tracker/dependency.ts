import { type Computation, current } from './computation';

/** Something that computations read and that changes. */
export class Dependency {
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
