import { Meteor } from 'meteor/meteor';

/** @throws for a call from this process's own code. */
export function callerOf({ connection }: Meteor.MethodThisType): Meteor.Connection {
  if (!connection) throw new Meteor.Error('link-refused', 'only a connection can be the link');
  return connection;
}

export const notTheLink = () => new Meteor.Error('link-required', 'only the link between the roles may ask for this');

/** The other side is our own web role: it may know why. */
export function speakable(error: unknown): Meteor.Error {
  const { code, message, name } = error as { code?: unknown; message?: string; name?: string };
  return new Meteor.Error(typeof code === 'string' ? code : 'failed', message ?? String(error), name);
}
