import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

export interface EventLoopDelay {
  /** Milliseconds beyond what was asked for, in the last whole window. */
  meanMs: number;
  p99Ms: number;
  maxMs: number;
}

const resolutionMs = 10;
const windowMs = 2_000;

/** Measures how late this process's event loop is, in windows of two seconds. */
export class EventLoopMonitor {
  private histogram?: IntervalHistogram;
  private timer?: NodeJS.Timeout;
  private last: EventLoopDelay = { meanMs: 0, p99Ms: 0, maxMs: 0 };

  async start(): Promise<void> {
    if (this.histogram) return;
    this.histogram = monitorEventLoopDelay({ resolution: resolutionMs });
    this.histogram.enable();
    this.timer = setInterval(() => this.endWindow(), windowMs);
    this.timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.histogram?.disable();
    this.histogram = undefined;
  }

  /** The last whole window, or what is known of the first one. */
  delay(): EventLoopDelay {
    return this.last;
  }

  private endWindow(): void {
    const { histogram } = this;
    if (!histogram) return;
    this.last = {
      meanMs: late(histogram.mean),
      p99Ms: late(histogram.percentile(99)),
      maxMs: late(histogram.max),
    };
    histogram.reset();
  }
}

/** The histogram holds whole intervals in nanoseconds, the sampling interval included. */
function late(nanoseconds: number): number {
  const ms = nanoseconds / 1e6 - resolutionMs;
  return Number.isFinite(ms) ? Math.max(0, Math.round(ms * 100) / 100) : 0;
}
