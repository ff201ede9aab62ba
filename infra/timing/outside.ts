import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Runs what works for everybody outside of the context of whoever has woken it: the span, the task or the method call of
 * one caller would be taken for that of all that comes after.
 */
export const outside: <T>(work: () => T) => T = AsyncLocalStorage.snapshot();
