import { type DependencyList, useMemo, useRef, useSyncExternalStore } from 'react';
import { LiveValue, type Read, type SkipUpdate } from './live-value';

/**
 * The value of `read`, and a rendering whenever it has become another one. Equal data is the same object as before.
 *
 * @param deps `read` runs anew when they change; without them with each rendering
 * @param skipUpdate true: no rendering for this change
 */
export function useTracker<T>(read: Read<T>, deps?: DependencyList | SkipUpdate<T>, skipUpdate?: SkipUpdate<T>): T {
  const live = useLive<T>();
  live.keep(read, {
    skipUpdate: typeof deps === 'function' ? (deps as SkipUpdate<T>) : skipUpdate,
    readsInEachRendering: !Array.isArray(deps),
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the caller's list decides; without one each rendering reads.
  useMemo(() => live.refresh(), Array.isArray(deps) ? deps : (undefined as never));
  const { value, failure } = useSyncExternalStore(live.subscribe, live.getSnapshot, live.getSnapshot);
  if (failure) throw failure.error;
  return value as T;
}

function useLive<T>(): LiveValue<T> {
  const reference = useRef<LiveValue<T> | null>(null);
  reference.current ??= new LiveValue<T>();
  return reference.current;
}
