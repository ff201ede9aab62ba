import { EJSON } from 'meteor/ejson';
import { Meteor } from 'meteor/meteor';
import { messageOf } from '../errors/plain-error';

type Method = (this: Meteor.MethodThisType, ...params: never[]) => unknown;

/**
 * `Meteor.methods`, where each call surely gets an answer. Meteor itself serializes a result or an error when the
 * method has ended; if that fails (an object that contains itself, a BigInt), it ends the process.
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

/**
 * @throws an Error with the reason why the result can't be sent: Meteor logs it, and the client gets an internal error.
 */
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

/** A thrown value in a form that Meteor can log and send. */
function sendableError(thrown: unknown): unknown {
  try {
    // A client's argument of a wrong type is no failure of ours: the client gets the error, and the log no stack.
    if (isFailedCheck(thrown)) return new Meteor.Error(400, 'Match failed', messageOf(thrown));
    const { isClientSafe, error, reason, details } = thrown as ClientSafe;
    if (isClientSafe) EJSON.stringify([error, reason, details] as never);
    if (thrown instanceof Error && typeof thrown.stack === 'string') return thrown;
  } catch {
    // The value can't be inspected: only its text is left.
  }
  return new Error(messageOf(thrown));
}

const isFailedCheck = (thrown: unknown): boolean =>
  thrown instanceof Error && (thrown as { errorType?: unknown }).errorType === 'Match.Error';
