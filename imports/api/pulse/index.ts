import type { ApiPart } from '../part';
import { definePulseMethods } from './methods';
import { Pulse } from './pulse';
import type { PulseReading } from './schema';

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
