import { EnvironmentVariable } from '../environment';
import type { MethodInvocation } from '../shared/method-invocation';
import type { Connection } from './connection';
import type { WriteFence } from './write-fence';

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
