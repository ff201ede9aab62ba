import { Meteor } from 'meteor/meteor';
import type { Pulse } from './pulse';

/** `pulse.read()`: the web role's event-loop delay. How long the answer takes is the round trip. */
export function definePulseMethods(pulse: Pulse): void {
  Meteor.methods({
    'pulse.read': () => pulse.read(),
  });
}
