import { defineMethods } from '../../../infra/link';
import type { Pulse } from './pulse';

/** `pulse.read()`: the web role's event-loop delay. How long the answer takes is the round trip. */
export function definePulseMethods(pulse: Pulse): void {
  defineMethods({
    'pulse.read': () => pulse.read(),
  });
}
