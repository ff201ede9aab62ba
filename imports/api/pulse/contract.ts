import type { PulseReading } from './schema';

declare module '../contract' {
  interface Methods {
    'pulse.read': () => PulseReading;
  }
}
