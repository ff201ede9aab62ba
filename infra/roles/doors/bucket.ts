/** Fills at a rate up to a brim; each message takes something out. */
export class Bucket {
  private level: number;
  private filledAt: number;

  constructor(
    private readonly perSecond: number,
    private readonly brim: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.level = brim;
    this.filledAt = now();
  }

  /** @returns whether there was as much. */
  take(amount = 1): boolean {
    const now = this.now();
    this.level = Math.min(this.brim, this.level + ((now - this.filledAt) / 1_000) * this.perSecond);
    this.filledAt = now;
    if (this.level < amount) return false;
    this.level -= amount;
    return true;
  }
}
