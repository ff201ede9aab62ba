import { EnvironmentVariable } from '../environment';
import { MethodInvocation } from '../shared/method-invocation';
import { makeRpcSeed } from '../shared/random-stream';
import type { WriteFence } from './write-fence';

/** What methods, publications and `Meteor.onConnection` see of a session. */
export interface Connection {
  readonly id: string;
  readonly clientAddress: string | null;
  readonly httpHeaders: Record<string, string | string[] | undefined>;
  close(): void;
  onClose(callback: () => unknown): void;
}

/** A subscription, as far as a method that its publish function calls takes over from it. */
interface RunningPublication {
  readonly userId: string | null;
  readonly connection: Connection;
  readonly _session: { readonly data: { becomeUser(userId: string | null): Promise<void> } };
}

/** Which method and which publication the running code belongs to. */
export const currentMethodInvocation = new EnvironmentVariable<MethodInvocation | undefined>();
export const currentPublicationInvocation = new EnvironmentVariable<RunningPublication | undefined>();
const currentWriteFence = new EnvironmentVariable<WriteFence | undefined>();

/** Runs a method under its fence: each write in it holds `updated` back until its observers have seen it. */
export function withFence<R>(fence: WriteFence, run: () => R): R {
  return currentWriteFence.withValue(fence, run);
}

export function currentFence(): WriteFence | undefined {
  return currentWriteFence.get();
}

/** What a method called by the server's own code is part of: the method or publication that calls it, if any. */
export function nestedInvocation(name: string): MethodInvocation {
  const method = currentMethodInvocation.get();
  const publication = currentPublicationInvocation.get();
  const outside = () => {
    throw new Error("Can't call setUserId on a server initiated method call");
  };
  const setUserId = (userId: string | null) =>
    method ? method.setUserId(userId) : publication ? publication._session.data.becomeUser(userId) : outside();
  return new MethodInvocation({
    name,
    isSimulation: false,
    userId: (method ?? publication)?.userId ?? null,
    setUserId,
    connection: (method ?? publication)?.connection ?? null,
    randomSeed: method ? makeRpcSeed(method, name) : null,
  });
}
