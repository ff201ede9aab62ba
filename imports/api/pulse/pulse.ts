import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { PulseReading } from './schema';

/** The histogram's timer: Node counts its period into each value, so that an idle loop would read as this much. */
const resolutionMs = 5;
const sampleMs = 500;

/** Measures this process's event-loop delay, in samples of half a second. */
export class Pulse {
  private readonly histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: resolutionMs });
  private timer?: NodeJS.Timeout;
  private latest = { mean: 0, p99: 0, max: 0 };

  async start(): Promise<void> {
    if (this.timer) return;
    this.histogram.enable();
    this.timer = setInterval(() => this.sample(), sampleMs);
    this.timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.timer = undefined;
    this.histogram.disable();
  }

  /** The last whole sample. */
  read(): PulseReading {
    return { ...this.latest, at: new Date() };
  }

  private sample(): void {
    const { mean, max } = this.histogram;
    this.latest = { mean: delay(mean), p99: delay(this.histogram.percentile(99)), max: delay(max) };
    this.histogram.reset();
  }
}

function delay(nanoseconds: number): number {
  const ms = nanoseconds / 1e6 - resolutionMs;
  return Number.isFinite(ms) ? Math.max(0, Math.round(ms * 100) / 100) : 0;
}
