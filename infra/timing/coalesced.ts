/**
 * Does work that is asked for again and again: one turn of the event loop later, so that what is asked for together is
 * done together, never two at a time, and once more for what came meanwhile.
 */
export class Coalesced {
  private working: Promise<void> | undefined;
  private stopped = false;

  /**
   * @param work does all that has been asked for. It reports its own failures: it does not throw.
   * @param isMore whether something came between the last look of the work and its end.
   */
  constructor(
    private readonly work: () => Promise<void>,
    private readonly isMore: () => boolean,
  ) {}

  /** What is being done, if anything is. */
  get atWork(): Promise<void> | undefined {
    return this.working;
  }

  soon(): void {
    if (this.stopped) return;
    this.working ??= this.nextTurn().finally(() => {
      this.working = undefined;
      if (this.isMore()) this.soon();
    });
  }

  /** Begins with nothing any more. Resolves when nothing is at work. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.working;
  }

  private async nextTurn(): Promise<void> {
    await new Promise(resolve => setImmediate(resolve));
    await this.work();
  }
}
