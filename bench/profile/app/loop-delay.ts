import { type EventLoopUtilization, performance } from 'node:perf_hooks';

const everyMs = 10;

/** What the event loop did since the last look. */
export interface LoopReading {
  /** By how many milliseconds each timer of ten milliseconds was late. */
  delays: number[];
  /** From 0 to 1: the share of time in which it was not idle. */
  busy: number;
}

/**
 * How late timers are. A loop that stands still for two seconds has held up 200 timers of ten milliseconds, so it counts
 * as 200 delays and not as one.
 */
export class LoopDelay {
  private delays: number[] = [];
  private last = performance.now();
  private used: EventLoopUtilization = performance.eventLoopUtilization();

  start(): void {
    setInterval(() => this.tick(), everyMs).unref();
  }

  /** Begins anew. */
  take(): LoopReading {
    const { delays, used } = this;
    this.delays = [];
    this.used = performance.eventLoopUtilization();
    return { delays, busy: performance.eventLoopUtilization(this.used, used).utilization };
  }

  private tick(): void {
    const now = performance.now();
    for (let late = now - this.last - everyMs; late > -everyMs; late -= everyMs)
      this.delays.push(Math.max(0, Math.round(late * 10) / 10));
    this.last = now;
  }
}
