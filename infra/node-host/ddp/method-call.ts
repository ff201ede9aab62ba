import { isThenable } from '../environment';
import type { DdpMessage } from '../shared/ddp-message';
import { MeteorError } from '../shared/meteor-error';
import { MethodInvocation } from '../shared/method-invocation';
import { type Connection, currentMethodInvocation, WriteFence, withFence } from './current';
import { toSafeError } from './safe-error';

export type MethodHandler = (this: MethodInvocation, ...params: never[]) => unknown;

/** The part of the session that a call needs. */
interface CallingSession {
  readonly server: { readonly method_handlers: Record<string, MethodHandler> };
  readonly userId: string | null;
  readonly connectionHandle: Connection;
  readonly data: { becomeUser(userId: string | null): Promise<void> };
  send(message: DdpMessage): void;
  sendError(reason: string, offendingMessage: DdpMessage): void;
  /** @returns the error to answer with if a rule limits this call */
  overLimit(type: 'method', name: string): MeteorError | undefined;
}

/**
 * Runs a method that a client has called. It sends `updated` when all writes of the method have been observed, then the
 * result, so that the next method of the session sees these writes.
 */
export async function runMethod(session: CallingSession, message: DdpMessage, unblock: () => void): Promise<void> {
  const { id, method } = message;
  if (isMalformed(message) || typeof id !== 'string' || typeof method !== 'string')
    return session.sendError('Malformed method invocation', message);
  const fence = new WriteFence(() => session.send({ msg: 'updated', methods: [id] }));
  if (!session.server.method_handlers[method]) {
    session.send({ msg: 'result', id, error: new MeteorError(404, `Method '${method}' not found`) });
    return fence.arm();
  }
  const answer = await invoke(session, message, unblock, fence).then(
    result => (result === undefined ? {} : { result }),
    error => ({ error }),
  );
  await fence.arm();
  if ('error' in answer) answer.error = toSafeError(answer.error, `while invoking method '${method}'`);
  sendResult(session, id, method, answer);
}

/** A result that can't be written as JSON (a circle in it) is an error of the method. */
function sendResult(session: CallingSession, id: string, method: string, answer: object): void {
  try {
    session.send({ msg: 'result', id, ...answer });
  } catch (error) {
    session.send({ msg: 'result', id, error: toSafeError(error, `while sending the result of method '${method}'`) });
  }
}

function isMalformed(message: DdpMessage): boolean {
  const { params, randomSeed } = message;
  return ('params' in message && !Array.isArray(params)) || ('randomSeed' in message && typeof randomSeed !== 'string');
}

async function invoke(
  session: CallingSession,
  message: DdpMessage,
  unblock: () => void,
  fence: WriteFence,
): Promise<unknown> {
  const name = message.method as string;
  const tooMany = session.overLimit('method', name);
  if (tooMany) throw tooMany;
  const invocation = new MethodInvocation({
    name,
    isSimulation: false,
    userId: session.userId,
    setUserId: userId => session.data.becomeUser(userId),
    unblock,
    connection: session.connectionHandle,
    randomSeed: (message.randomSeed as string | undefined) ?? null,
    fence,
  });
  const handler = session.server.method_handlers[name]!;
  const params = (message.params ?? []) as never[];
  const result = withFence(fence, () =>
    currentMethodInvocation.withValue(invocation, () => handler.apply(invocation, params)),
  );
  return isThenable(result) ? await result : result;
}
