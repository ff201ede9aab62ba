import { Meteor } from 'meteor/meteor';

/**
 * Names of methods and publications come from clients, and Meteor looks them up in plain objects: without this, anybody
 * may call `toString` or `__proto__`.
 */
export function hideMembersOfObject(): void {
  const { method_handlers, publish_handlers } = Meteor.server as unknown as Record<string, object>;
  for (const handlers of [method_handlers, publish_handlers]) if (handlers) Object.setPrototypeOf(handlers, null);
}
