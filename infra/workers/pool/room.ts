import { Capacity } from './capacity';
import type { Crew } from './crew';
import type { Estimates } from './estimates';
import type { ResolvedPoolOptions } from './pool-options';
import type { WaitingLine } from './waiting-line';

/** How much more a pool takes, and when it is worth a claim to say so. None before `open` and after `close`. */
export class Room {
  private onRoom: (() => void) | undefined;
  private signalled = false;

  constructor(
    private readonly options: Pick<ResolvedPoolOptions, 'prefetch'>,
    private readonly crew: Crew,
    private readonly line: WaitingLine,
    private readonly estimates: Estimates,
  ) {}

  open(onRoom: () => void): void {
    this.onRoom = onRoom;
    this.signal();
  }

  close(): void {
    this.onRoom = undefined;
  }

  /** How many tasks of the usual kind. */
  count(): number {
    return this.capacity()?.count(this.estimates.usual) ?? 0;
  }

  /** How many of tasks of these types, in this order. */
  fitting(taskTypes: readonly string[]): number {
    const capacity = this.capacity();
    const first = taskTypes.findIndex(taskType => !capacity?.admit(this.estimates.of(taskType)));
    return first < 0 ? taskTypes.length : first;
  }

  /** There may be room. Told once a tick, and not while much waits: many small claims cost more than a few larger ones. */
  signal(): void {
    if (this.signalled || !this.onRoom) return;
    this.signalled = true;
    setImmediate(() => {
      this.signalled = false;
      if (this.count() >= Math.max(1, this.line.size)) this.onRoom?.();
    });
  }

  /** What can be taken beside all that waits; nothing where not even that has room. */
  private capacity(): Capacity | undefined {
    if (!this.onRoom) return undefined;
    const capacity = new Capacity(this.crew.workers, this.crew.unborn(), this.options.prefetch);
    return this.line.expectations().every(expectedMs => capacity.admit(expectedMs)) ? capacity : undefined;
  }
}
