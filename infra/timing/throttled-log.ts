/** Throttles a log event and reports how many were suppressed, so that a flood of refused requests writes few lines. */
export class ThrottledLog {
  private loggedAt = Number.NEGATIVE_INFINITY;
  private suppressed = 0;

  constructor(
    private readonly everyMs: number,
    private readonly write: (fields: object) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  log(fields: object): void {
    if (this.now() - this.loggedAt < this.everyMs) {
      this.suppressed += 1;
      return;
    }
    this.write(this.suppressed > 0 ? { ...fields, suppressed: this.suppressed } : fields);
    this.loggedAt = this.now();
    this.suppressed = 0;
  }
}
