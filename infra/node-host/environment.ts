import { AsyncLocalStorage } from 'node:async_hooks';
import { textOf } from '../errors/plain-error';

type AnyFunction = (...args: never[]) => unknown;

/**
 * A value that stays with the code that was started under it, through awaits and timers (`Meteor.EnvironmentVariable`).
 */
export class EnvironmentVariable<T> {
  private readonly storage = new AsyncLocalStorage<T>();

  get(): T | undefined {
    return this.storage.getStore();
  }

  getOrNullIfOutsideFiber(): T | null {
    return this.get() ?? null;
  }

  withValue<R>(value: T, run: () => R): R {
    return this.storage.run(value, run);
  }
}

/**
 * Binds a callback to the current environment. Its errors go to `onException` or are printed, and never reach the
 * caller, who can't handle them.
 */
export function bindEnvironment<F extends AnyFunction>(
  run: F,
  onException?: string | ((error: unknown) => void),
  thisArg?: unknown,
): F {
  const restore = AsyncLocalStorage.snapshot();
  const handle =
    typeof onException === 'function'
      ? onException
      : (error: unknown) =>
          console.error(`Exception in ${onException ?? 'callback of async function'}:`, textOf(error));
  return ((...args: never[]) =>
    restore(() => {
      try {
        const result = run.apply(thisArg, args);
        return isThenable(result) ? result.then(undefined, handle) : result;
      } catch (error) {
        return handle(error);
      }
    })) as F;
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function';
}

/** Runs code that outlives its caller: under no method, no publication, no fence. */
export const outsideOfAll: <R>(run: () => R) => R = AsyncLocalStorage.snapshot();

/** Binds a callback to the current environment; its caller gets its errors. */
export const inThisEnvironment = <F extends AnyFunction>(run: F): F => AsyncLocalStorage.bind(run as never) as F;
