/** Fills at a rate up to a capacity; each message takes something out. */
export class TokenBucket {
  private level: number;
  private filledAt: number;

  constructor(
    private readonly perSecond: number,
    private readonly capacity: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.level = capacity;
    this.filledAt = now();
  }

  /** @returns whether there was as much. */
  take(amount = 1): boolean {
    const now = this.now();
    this.level = Math.min(this.capacity, this.level + ((now - this.filledAt) / 1_000) * this.perSecond);
    this.filledAt = now;
    if (this.level < amount) return false;
    this.level -= amount;
    return true;
  }
}
