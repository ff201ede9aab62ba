import { setImmediate as nextTurn } from 'node:timers/promises';
import { inThisEnvironment } from '../environment';
import { hasChangeStreams } from '../mongo/connection';
import type { CursorDescription } from '../mongo/cursor-options';
import { EJSON } from '../shared/ejson';
import { LiveQuery } from './live-query';
import { type ChangeCallbacks, isOrdered, type LiveHandle, Observer } from './observer';
import type { Touched } from './stale-documents';
import { WatchedCollection } from './watched-collection';

const collections = new Map<string, WatchedCollection>();
const queries = new Map<string, LiveQuery>();

/** How much is being watched, for tests and for the curious. */
export const liveCounts = (): { queries: number; collections: number } => ({
  queries: queries.size,
  collections: collections.size,
});

/**
 * Calls back for what a cursor finds, and for each change of it. Equal cursors share one live query.
 *
 * @returns when the callbacks have been given all that is there now
 */
export async function observeLive(
  description: CursorDescription,
  callbacks: ChangeCallbacks,
  { nonMutatingCallbacks = false } = {},
): Promise<LiveHandle> {
  const idProjection = description.options.projection?._id;
  if (idProjection === 0 || idProjection === false)
    throw new Error('You may not observe a cursor with {fields: {_id: 0}}');
  const query = findOrCreate(description, isOrdered(callbacks));
  const collection = collections.get(description.collectionName)!;
  const observer = new Observer(bind(callbacks), !nonMutatingCallbacks);
  query.expect();
  try {
    await collection.watch();
    await query.start();
    // A newcomer is told in a turn of its own, as in Meteor: the running one has things to say first (`updated`).
    await nextTurn();
  } catch (error) {
    query.abandon();
    throw error;
  }
  query.add(observer);
  collection.wake();
  await observer.idle();
  return { stop: () => query.remove(observer) };
}

/**
 * A write of this process has touched documents.
 *
 * @param urgent a fence waits for it
 * @returns when all who observe them have been told
 */
export async function wroteTo(
  collectionName: string,
  touched: Touched,
  { urgent }: { urgent: boolean },
): Promise<void> {
  // With a change stream the write announces itself; only a fence can't wait for that.
  if (!urgent && (await hasChangeStreams())) return;
  await collections.get(collectionName)?.invalidate(touched, { urgent });
}

/** Resolves when all who observe a collection have worked on what they have been told. */
export async function observersIdle(collectionName: string): Promise<void> {
  await collections.get(collectionName)?.idle();
}

function findOrCreate(description: CursorDescription, ordered: boolean): LiveQuery {
  const key = keyOf(description, ordered);
  const existing = queries.get(key);
  if (existing) return existing;
  const collection = watched(description.collectionName);
  const query = new LiveQuery(description, ordered, stopped => {
    queries.delete(key);
    collection.remove(stopped);
  });
  queries.set(key, query);
  collection.add(query);
  return query;
}

function watched(name: string): WatchedCollection {
  const collection = collections.get(name) ?? new WatchedCollection(name, () => collections.delete(name));
  collections.set(name, collection);
  return collection;
}

function keyOf({ collectionName, selector, options }: CursorDescription, ordered: boolean): string {
  const { transform: _transform, ...rest } = options;
  return EJSON.stringify({ collectionName, selector, options: rest, ordered });
}

/** Whatever wakes the query: callbacks run as part of the code that observes. */
const bind = (callbacks: ChangeCallbacks): ChangeCallbacks =>
  Object.fromEntries(
    Object.entries(callbacks).map(([name, callback]) => [name, callback && inThisEnvironment(callback)]),
  );
