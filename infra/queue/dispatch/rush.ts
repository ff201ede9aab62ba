const windowMs = 500;
/** Tasks in a window. It ends by fewer than it begins with, or it would flutter. */
const begins = 250;
const ends = 100;

/** Tells when tasks come so fast that a look every few ms costs the database less than a change stream that tells of each. */
export class Rush {
  private from = performance.now();
  private count = 0;
  private on = false;

  /** @param count how many tasks a look has brought; mostly none */
  claimed(count: number): void {
    this.judge();
    this.count += count;
  }

  get isOn(): boolean {
    this.judge();
    return this.on;
  }

  private judge(): void {
    const passed = performance.now() - this.from;
    if (passed < windowMs) return;
    // Where nobody has looked for longer, the count is of a window that is past.
    this.on = passed < 2 * windowMs && this.count >= (this.on ? ends : begins);
    this.from += passed;
    this.count = 0;
  }
}
