/** One write under a fence. */
export interface FencedWrite {
  /**
   * The database has answered.
   *
   * @param seen settles when every observer in this process has been told of the write; left out where nothing was written
   */
  committed(seen?: Promise<void>): void;
}

/** Collects the writes of one method and fires once, when the method has ended and all its writes have been observed. */
export class WriteFence {
  private outstanding = 0;
  private seen: Promise<void>[] = [];
  private armed = false;
  private fired = false;

  constructor(private readonly onFired: () => void) {}

  /** @returns undefined where the fence has fired: for a write by code that outlives its method nobody waits any more */
  beginWrite(): FencedWrite | undefined {
    if (this.fired) return undefined;
    this.outstanding++;
    return {
      committed: seen => {
        this.outstanding--;
        if (seen) this.seen.push(seen);
        if (this.armed) void this.settle();
      },
    };
  }

  /** The method has ended. Resolves when the writes that the database has answered have been observed. */
  async arm(): Promise<void> {
    this.armed = true;
    await this.settle();
  }

  private async settle(): Promise<void> {
    while (this.outstanding === 0 && this.seen.length > 0) await Promise.all(this.seen.splice(0));
    if (this.outstanding > 0 || this.fired) return;
    this.fired = true;
    this.onFired();
  }
}
