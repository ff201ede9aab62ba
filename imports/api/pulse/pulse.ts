import { EventLoopMonitor } from '../../../infra/monitor/event-loop';
import type { PulseReading } from './schema';

/** Measures the web role's event-loop delay for the page, which looks twice a second. */
export class Pulse {
  private readonly eventLoop = new EventLoopMonitor({ resolutionMs: 5, windowMs: 500 });

  start(): Promise<void> {
    return this.eventLoop.start();
  }

  stop(): Promise<void> {
    return this.eventLoop.stop();
  }

  /** The last whole sample. */
  read(): PulseReading {
    const { meanMs: mean, p99Ms: p99, maxMs: max } = this.eventLoop.delay();
    return { mean, p99, max, at: new Date() };
  }
}
