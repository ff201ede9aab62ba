import { Meteor } from 'meteor/meteor';
import type { MethodName, Methods } from '../api/contract';

/** Calls a method of the sample, with its types. */
export function call<M extends MethodName>(name: M, ...args: Parameters<Methods[M]>): Promise<ReturnType<Methods[M]>> {
  return Meteor.callAsync(name, ...args);
}

/** What to tell the person: a Meteor.Error's reason, or whatever else went wrong. */
export function reasonOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { error: code, reason, message } = error as { error?: unknown; reason?: string; message?: string };
  // Meteor's own words name the method, which is nothing to a person.
  if (code === 404) return 'The server has another version than this page. Reload it.';
  return reason || message || 'That did not work. Try again.';
}
