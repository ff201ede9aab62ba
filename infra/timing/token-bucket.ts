/** Fills at a rate up to a capacity; whatever passes takes a part. */
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

  /** @returns whether there was enough. */
  take(amount = 1): boolean {
    return this.reserve(amount, 0) !== undefined;
  }

  /** Takes a part now that will be there in time. @returns in how many ms; undefined where that is later. */
  reserve(amount: number, withinMs: number): number | undefined {
    this.fill();
    const waitMs = Math.max(0, ((amount - this.level) / this.perSecond) * 1_000);
    if (waitMs > withinMs) return undefined;
    this.level -= amount;
    return waitMs;
  }

  private fill(): void {
    const now = this.now();
    this.level = Math.min(this.capacity, this.level + ((now - this.filledAt) / 1_000) * this.perSecond);
    this.filledAt = now;
  }
}
