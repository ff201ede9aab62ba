import { outside } from './outside';

/**
 * Coalesces requests for work: runs the work one turn of the event loop later, so that concurrent requests share it,
 * never twice at a time, and once more for requests that came meanwhile.
 */
export class Coalesced {
  private working: Promise<void> | undefined;
  private asked = false;
  private stopped = false;

  /**
   * @param work does all that was requested. It reports its own failures: it does not throw.
   * @param isMore whether a request came between the last check of the work and its end. Default: whether any came since
   *   the work began.
   */
  constructor(
    private readonly work: () => Promise<void>,
    private readonly isMore?: () => boolean,
  ) {}

  /** The work in progress, if any. */
  get atWork(): Promise<void> | undefined {
    return this.working;
  }

  soon(): void {
    if (this.stopped) return;
    this.asked = true;
    this.working ??= outside(() => this.nextTurn()).finally(() => {
      this.working = undefined;
      if (this.isMore?.() ?? this.asked) this.soon();
    });
  }

  /** Begins no more work. Resolves when none is in progress. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.working;
  }

  private async nextTurn(): Promise<void> {
    await new Promise(resolve => setImmediate(resolve));
    this.asked = false;
    await this.work();
  }
}
