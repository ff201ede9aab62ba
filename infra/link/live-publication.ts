import { Meteor } from 'meteor/meteor';
import { type LiveState, wire } from './contract';
import type { Handshake } from './handshake';
import { notTheLink } from './refusals';

const everyMs = 1_000;

/** `link.live`: what this jobs role is doing, each second, for its web roles. */
export function publishLive(handshake: Handshake, live: () => LiveState): void {
  Meteor.publish(wire.live, function () {
    if (!handshake.isVerified(this.connection.id)) throw notTheLink();
    const { _id, ...first } = live();
    this.added(wire.liveCollection, _id, first);
    const timer = Meteor.setInterval(() => {
      const { _id: _, ...fields } = live();
      this.changed(wire.liveCollection, _id, fields);
    }, everyMs);
    this.onStop(() => Meteor.clearInterval(timer));
    this.ready();
  });
}
