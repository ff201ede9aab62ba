import { EJSON } from 'meteor/ejson';
import { Meteor } from 'meteor/meteor';
import { messageOf } from '../errors/plain-error';

type Method = (this: Meteor.MethodThisType, ...params: never[]) => unknown;

/**
 * `Meteor.methods`, for methods of which each call has an answer. Meteor itself writes a result or an error when the
 * method has ended; what can't be written (an object that holds itself, a BigInt) would end the process there.
 */
export function defineMethods(methods: Record<string, Method>): void {
  for (const [name, method] of Object.entries(methods)) Meteor.methods({ [name]: answering(method) });
}

function answering(method: Method) {
  return async function (this: Meteor.MethodThisType, ...params: unknown[]): Promise<unknown> {
    try {
      return sendable(await method.apply(this, params as never[]));
    } catch (error) {
      throw sendableError(error);
    }
  };
}

/** @throws an Error that says why the result can't be sent: Meteor logs it, and the client hears of an internal error. */
function sendable(result: unknown): unknown {
  try {
    if (result !== undefined) EJSON.stringify(result as never);
    return result;
  } catch (cause) {
    throw new Error(`the result can't be sent: ${messageOf(cause)}`);
  }
}

interface ClientSafe {
  isClientSafe?: boolean;
  error?: unknown;
  reason?: unknown;
  details?: unknown;
}

/** What Meteor can log and send in place of whatever was thrown. */
function sendableError(thrown: unknown): unknown {
  try {
    // A stranger's argument of a wrong type is no failure of ours: the stranger gets the error, and the log no stack.
    if (isFailedCheck(thrown)) return new Meteor.Error(400, 'Match failed', messageOf(thrown));
    const { isClientSafe, error, reason, details } = thrown as ClientSafe;
    if (isClientSafe) EJSON.stringify([error, reason, details] as never);
    if (thrown instanceof Error && typeof thrown.stack === 'string') return thrown;
  } catch {
    // It can't be looked at: its text is what is left of it.
  }
  return new Error(messageOf(thrown));
}

const isFailedCheck = (thrown: unknown): boolean =>
  thrown instanceof Error && (thrown as { errorType?: unknown }).errorType === 'Match.Error';
