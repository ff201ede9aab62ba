export interface PauseLimits {
  firstMs: number;
  maxMs: number;
  /** A process that ran this long before it ended counts as healthy: the pause starts over. */
  soundAfterMs: number;
}

/** How long to wait before a restart: twice as long each time, so that a process that can't run costs little. */
export class GrowingPause {
  private ends = 0;

  constructor(private readonly limits: PauseLimits) {}

  /** @param ranMs how long it had run. */
  next(ranMs: number): number {
    const { firstMs, maxMs, soundAfterMs } = this.limits;
    if (ranMs >= soundAfterMs) this.reset();
    const pause = Math.min(maxMs, firstMs * 2 ** this.ends);
    this.ends += 1;
    return pause;
  }

  reset(): void {
    this.ends = 0;
  }
}

/** A pause as a person reads it. */
export function inSeconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
