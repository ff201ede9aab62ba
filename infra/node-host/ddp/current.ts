import { EnvironmentVariable } from '../environment';
import type { MethodInvocation } from '../shared/method-invocation';
import type { Subscription } from './subscription';
import type { WriteFence } from './write-fence';

/** Which method and which publication the running code belongs to. */
export const currentMethodInvocation = new EnvironmentVariable<MethodInvocation | undefined>();
export const currentPublicationInvocation = new EnvironmentVariable<Subscription | undefined>();
const currentWriteFence = new EnvironmentVariable<WriteFence | undefined>();

/** Runs a method under its fence: each write in it holds `updated` back until its observers have seen it. */
export function withFence<R>(fence: WriteFence, run: () => R): R {
  return currentWriteFence.withValue(fence, run);
}

export function currentFence(): WriteFence | undefined {
  return currentWriteFence.get();
}
