import { type DependencyList, useMemo, useRef, useSyncExternalStore } from 'react';
import type { Cursor } from '../../ddp-client/minimongo/cursor';
import type { Document } from '../../ddp-client/minimongo/selector';
import { Tracker } from '../../tracker/tracker';
import { connection } from '../connection';
import { LiveList } from './live-list';
import { LiveValue, type Read, type SkipUpdate } from './live-value';

/**
 * The value of `read`; renders the component whenever it changes. Equal data stays the same object.
 *
 * @param deps `read` runs again when they change; without them at each rendering
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

/**
 * Subscribes while the component is mounted. Without a name it subscribes to nothing.
 *
 * @returns whether its data is still on the way; only a component that reads this is rendered when the data has come
 */
export function useSubscribe(name?: string, ...args: unknown[]): () => boolean {
  let wantsToKnow = false;
  const isReady = useTracker(
    () => !name || connection.subscribe(name, ...args).ready(),
    () => !wantsToKnow,
  );
  return () => {
    wantsToKnow = true;
    return !isReady;
  };
}

type NoCursor = null | undefined;

const subscribeToNothing = () => () => {};
const nothing: readonly Document[] = [];

/**
 * The documents of a cursor; renders the component whenever one of them changes. The others stay the same objects.
 *
 * @param factory gives the cursor; if it gives none, the hook returns it as it is
 * @param deps `factory` runs again when they change
 */
export function useFind(factory: () => Cursor | NoCursor, deps: DependencyList = []): Document[] | NoCursor {
  const earlier = useRef(nothing);
  const { cursor, live } = useMemo(() => {
    const found = Tracker.nonreactive(factory);
    return { cursor: found, live: found ? new LiveList(found, earlier.current) : undefined };
    // biome-ignore lint/correctness/useExhaustiveDependencies: the caller's list decides.
  }, deps);
  const getSnapshot = () => live?.getSnapshot() ?? (nothing as Document[]);
  const documents = useSyncExternalStore(live?.subscribe ?? subscribeToNothing, getSnapshot, getSnapshot);
  earlier.current = documents;
  return cursor ? documents : (cursor as NoCursor);
}
