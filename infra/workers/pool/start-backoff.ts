import { GrowingPause } from '../../timing/growing-pause';

const pauses = { firstMs: 250, maxMs: 30_000 };

/** Spaces out the starts of workers while they crash at their start. */
export class StartBackoff {
  private readonly pause = new GrowingPause(pauses);
  private failures = 0;
  private until = 0;
  private since: number | undefined;

  /** @returns how many starts in a row have failed now, and how long to wait for the next. */
  failed(now: number): { failures: number; waitMs: number } {
    this.failures += 1;
    this.since ??= now;
    const waitMs = this.pause.next();
    this.until = now + waitMs;
    return { failures: this.failures, waitMs };
  }

  /** Whether the last start failed: then the pool starts one at a time. */
  get failing(): boolean {
    return this.failures > 0;
  }

  /** How long all starts have failed. */
  failingMs(now: number): number {
    return this.since === undefined ? 0 : now - this.since;
  }

  succeeded(): void {
    this.pause.reset();
    this.failures = 0;
    this.since = undefined;
    this.until = 0;
  }

  /** Milliseconds until a worker may be started; 0 for now. */
  waitMs(now: number): number {
    return Math.max(0, this.until - now);
  }
}
