import { Meteor } from 'meteor/meteor';
import { plainError } from '../errors/plain-error';

/** @throws for a call from this process's own code. */
export function callerOf({ connection }: Meteor.MethodThisType): Meteor.Connection {
  if (!connection) throw new Meteor.Error('link-refused', 'only a connection can be the link');
  return connection;
}

export const notTheLink = () => new Meteor.Error('link-required', 'only the link between the roles may ask for this');

/** The other side is our own web role: it may know why. */
export function toClientError(error: unknown): Meteor.Error {
  const { name, message } = plainError(error);
  return new Meteor.Error(codeOf(error), message, name);
}

function codeOf(error: unknown): string {
  try {
    const { code } = error as { code?: unknown };
    return typeof code === 'string' ? code : 'failed';
  } catch {
    return 'failed';
  }
}
