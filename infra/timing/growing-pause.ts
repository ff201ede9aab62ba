export interface PauseLimits {
  firstMs: number;
  maxMs: number;
  /** What ran this long before it ended counts as healthy: the pause starts over. Default: only `reset` does that. */
  soundAfterMs?: number;
}

/** How long to wait before the next try: twice as long each time, so that what goes on failing costs little. */
export class GrowingPause {
  private ends = 0;

  constructor(private readonly limits: PauseLimits) {}

  /** @param ranMs how long it had run, where it is something that runs. */
  next(ranMs = 0): number {
    const { firstMs, maxMs, soundAfterMs = Number.POSITIVE_INFINITY } = this.limits;
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
