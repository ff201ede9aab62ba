import { defineMethods } from '../../../infra/link';
import { EventLoopMonitor } from '../../../infra/monitor/event-loop';
import type { ApiPart } from '../part';

/** How the web role's event loop did in its last sample, in milliseconds of delay. */
interface PulseReading {
  mean: number;
  p99: number;
  max: number;
  /** The server's clock when it answered. */
  at: Date;
}

/** Measures the web role's event-loop delay for the page, which looks twice a second. */
class Pulse {
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

const reading = new Pulse();

export const pulse: ApiPart<'pulse'> = {
  limits: { 'pulse.read': [50, 10_000] },
  publications: [],
  async start() {
    await reading.start();
    definePulseMethods(reading);
  },
  stop: () => reading.stop(),
};

declare module '../contract' {
  interface Methods {
    'pulse.read': () => PulseReading;
  }
}

/** `pulse.read()`: the web role's event-loop delay. How long the answer takes is the round trip. */
function definePulseMethods(pulse: Pulse): void {
  defineMethods({
    'pulse.read': () => pulse.read(),
  });
}
