import { Meteor } from 'meteor/meteor';
import type { MethodName, Methods } from '../api/contract';

/** Calls a method of the sample, with its types. */
export function call<M extends MethodName>(name: M, ...args: Parameters<Methods[M]>): Promise<ReturnType<Methods[M]>> {
  return Meteor.callAsync(name, ...args);
}

/** What to tell the person: a Meteor.Error's reason, or whatever else went wrong. */
export function reasonOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { reason, message } = error as { reason?: string; message?: string };
  return reason || message || 'That did not work. Try again.';
}
