import { type DependencyList, useMemo, useRef, useSyncExternalStore } from 'react';
import type { Cursor } from '../../ddp-client/minimongo/cursor';
import type { Document } from '../../ddp-client/minimongo/document';
import { Tracker } from '../../tracker/tracker';
import { LiveList } from './live-list';

type NoCursor = null | undefined;

const subscribeToNothing = () => () => {};
const nothing: readonly Document[] = [];

/**
 * The documents of a cursor, and a rendering whenever one of them changes; the others stay the same objects.
 *
 * @param factory gives the cursor; may give none, and then nothing is what comes back
 * @param deps `factory` runs anew when they change
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
