import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

export interface EventLoopDelay {
  /** Milliseconds by which timers were late, in the last whole window. */
  meanMs: number;
  p99Ms: number;
  maxMs: number;
}

interface EventLoopOptions {
  /** How often the delay is sampled. */
  resolutionMs?: number;
  /** The window of one reading. */
  windowMs?: number;
}

/** Measures how late this process's event loop is, in windows of two seconds by default. */
export class EventLoopMonitor {
  private readonly resolutionMs: number;
  private readonly windowMs: number;
  private histogram?: IntervalHistogram;
  private timer?: NodeJS.Timeout;
  private last: EventLoopDelay = { meanMs: 0, p99Ms: 0, maxMs: 0 };

  constructor({ resolutionMs = 10, windowMs = 2_000 }: EventLoopOptions = {}) {
    this.resolutionMs = resolutionMs;
    this.windowMs = windowMs;
  }

  async start(): Promise<void> {
    if (this.histogram) return;
    this.histogram = monitorEventLoopDelay({ resolution: this.resolutionMs });
    this.histogram.enable();
    this.timer = setInterval(() => this.endWindow(), this.windowMs);
    this.timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.histogram?.disable();
    this.histogram = undefined;
  }

  /** The last whole window, or the part of the first one so far. */
  delay(): EventLoopDelay {
    return this.last;
  }

  private endWindow(): void {
    const { histogram } = this;
    if (!histogram) return;
    this.last = {
      meanMs: this.late(histogram.mean),
      p99Ms: this.late(histogram.percentile(99)),
      maxMs: this.late(histogram.max),
    };
    histogram.reset();
  }

  /** The histogram holds whole intervals in nanoseconds, the sampling interval included. */
  private late(nanoseconds: number): number {
    const ms = nanoseconds / 1e6 - this.resolutionMs;
    return Number.isFinite(ms) ? Math.max(0, Math.round(ms * 100) / 100) : 0;
  }
}
