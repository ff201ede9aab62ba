import { inThisEnvironment, outsideOfAll } from '../environment';
import { hasChangeStreams } from '../mongo/connection';
import type { CursorDescription } from '../mongo/cursor-options';
import { projectionOf } from '../mongo/cursor-options';
import { EJSON } from '../shared/ejson';
import { ChangeFeed } from './change-feed';
import { LiveQuery, type Touched } from './live-query';
import { type ChangeCallbacks, isOrdered, type LiveHandle, Observer } from './observer';

/** The live queries on one collection and what wakes them. */
class WatchedCollection {
  readonly queries = new Set<LiveQuery>();
  private feed: ChangeFeed | undefined;
  private opening: Promise<void> | undefined;
  private stopped = false;

  constructor(private readonly name: string) {}

  /** Resolves when no later change will be missed; without change streams, at once. */
  watch(): Promise<void> {
    this.opening ??= this.open();
    return this.opening;
  }

  async invalidate(touched: Touched, options?: { urgent?: boolean }): Promise<void> {
    await Promise.all([...this.queries].map(query => query.invalidate(touched, options)));
  }

  async idle(): Promise<void> {
    await Promise.all([...this.queries].map(query => query.idle()));
  }

  stop(): void {
    this.stopped = true;
    void this.feed?.stop();
  }

  private async open(): Promise<void> {
    if (!(await hasChangeStreams()) || this.stopped) return;
    this.feed = new ChangeFeed(this.name, touched => void this.invalidate(touched));
    await outsideOfAll(() => this.feed!.start());
  }
}

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
  const idProjection = projectionOf(description.options)?._id;
  if (idProjection === 0 || idProjection === false)
    throw new Error('You may not observe a cursor with {fields: {_id: 0}}');
  const query = findOrCreate(description, isOrdered(callbacks));
  const observer = new Observer(bind(callbacks), !nonMutatingCallbacks);
  query.expect();
  try {
    await collections.get(description.collectionName)!.watch();
    await query.start();
  } catch (error) {
    query.abandon();
    throw error;
  }
  query.add(observer);
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
  const query = new LiveQuery(description, ordered, stopped => forget(key, stopped));
  queries.set(key, query);
  const collection = collections.get(description.collectionName) ?? new WatchedCollection(description.collectionName);
  collections.set(description.collectionName, collection);
  collection.queries.add(query);
  void pollWithoutStreams(query);
  return query;
}

function keyOf({ collectionName, selector, options }: CursorDescription, ordered: boolean): string {
  const { transform: _transform, ...rest } = options;
  return EJSON.stringify({ collectionName, selector, options: rest, ordered });
}

function forget(key: string, query: LiveQuery): void {
  queries.delete(key);
  const collection = collections.get(query.collectionName);
  if (!collection?.queries.delete(query) || collection.queries.size > 0) return;
  collections.delete(query.collectionName);
  collection.stop();
}

async function pollWithoutStreams(query: LiveQuery): Promise<void> {
  if (!(await hasChangeStreams().catch(() => true))) outsideOfAll(() => query.poll());
}

/** Whatever wakes the query: callbacks run as part of the code that observes. */
const bind = (callbacks: ChangeCallbacks): ChangeCallbacks =>
  Object.fromEntries(
    Object.entries(callbacks).map(([name, callback]) => [name, callback && inThisEnvironment(callback)]),
  );
