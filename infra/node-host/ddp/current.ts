import { EnvironmentVariable } from '../environment';
import { MethodInvocation } from '../shared/method-invocation';
import { makeRpcSeed } from '../shared/random-stream';

/** The view of a session for methods, publications and `Meteor.onConnection`. */
export interface Connection {
  readonly id: string;
  readonly clientAddress: string | null;
  readonly httpHeaders: Record<string, string | string[] | undefined>;
  close(): void;
  onClose(callback: () => unknown): void;
}

/** The part of a subscription that a method called by its publish function inherits. */
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

/** The context of a method that the server's own code calls: the calling method or publication, if any. */
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

/** One write under a fence. */
export interface FencedWrite {
  /**
   * The database has answered.
   *
   * @param seen settles when every observer in this process has seen the write; absent if nothing was written
   */
  committed(seen?: Promise<void>): void;
}

/** Collects the writes of one method and fires once, when the method has ended and all its writes have been observed. */
export class WriteFence {
  private outstanding = 0;
  private seen: Promise<void>[] = [];
  private armed = false;
  private fired = false;

  constructor(private readonly onFired: () => void) {}

  /** @returns undefined if the fence has fired: nobody waits for a write of code that outlives its method */
  beginWrite(): FencedWrite | undefined {
    if (this.fired) return undefined;
    this.outstanding++;
    return {
      committed: seen => {
        this.outstanding--;
        if (seen) this.seen.push(seen);
        if (this.armed) void this.settle();
      },
    };
  }

  /** The method has ended. Resolves when the writes that the database has answered have been observed. */
  async arm(): Promise<void> {
    this.armed = true;
    await this.settle();
  }

  private async settle(): Promise<void> {
    while (this.outstanding === 0 && this.seen.length > 0) await Promise.all(this.seen.splice(0));
    if (this.outstanding > 0 || this.fired) return;
    this.fired = true;
    this.onFired();
  }
}
