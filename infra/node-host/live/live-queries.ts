import { setImmediate as nextTurn } from 'node:timers/promises';
import { inThisEnvironment, outsideOfAll } from '../environment';
import { hasChangeStreams } from '../mongo/connection';
import type { CursorDescription } from '../mongo/cursor-options';
import { EJSON } from '../shared/ejson';
import { ChangeFeed } from './change-feed';
import { LiveQuery, News } from './live-query';
import { type ChangeCallbacks, isOrdered, type LiveHandle, Observer } from './observer';
import type { Touched } from './stale-documents';

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

/** The live queries on one collection, and what wakes them. They are read together and speak in turn. */
class WatchedCollection {
  /** In the order in which they began. */
  private readonly queries = new Set<LiveQuery>();
  private feed: ChangeFeed | undefined;
  private opening: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private reading = false;
  private stopped = false;

  constructor(
    private readonly name: string,
    private readonly onUnused: () => void,
  ) {}

  add(query: LiveQuery): void {
    this.queries.add(query);
    void this.pollWithoutStreams(query);
  }

  remove(query: LiveQuery): void {
    this.queries.delete(query);
    if (this.queries.size > 0) return;
    this.stopped = true;
    clearTimeout(this.timer);
    void this.feed?.stop();
    this.onUnused();
  }

  /** Resolves when no later change will be missed; without change streams, at once. */
  watch(): Promise<void> {
    this.opening ??= this.open();
    return this.opening;
  }

  /**
   * Documents may have changed.
   *
   * @param urgent somebody waits for it: read now
   * @returns when it has been read and observers have been told; those that take their time may still be at it (`idle`)
   */
  async invalidate(touched: Touched, { urgent = false } = {}): Promise<void> {
    const told = [...this.queries].map(query => query.invalidate(touched, urgent));
    this.wake();
    await Promise.all(told);
  }

  /** Reads what is due, now or when its time has come. */
  wake(): void {
    if (this.reading || this.stopped) return;
    clearTimeout(this.timer);
    const dueAt = Math.min(...[...this.queries].map(query => query.dueAt));
    const delayMs = dueAt - Date.now();
    if (delayMs <= 0) void this.read();
    else if (Number.isFinite(dueAt)) this.timer = setTimeout(() => void this.read(), delayMs);
  }

  async idle(): Promise<void> {
    await Promise.all([...this.queries].map(query => query.idle()));
  }

  private async open(): Promise<void> {
    if (!(await hasChangeStreams()) || this.stopped) return;
    this.feed = new ChangeFeed(this.name, touched => void this.invalidate(touched));
    await outsideOfAll(() => this.feed!.start());
  }

  private async pollWithoutStreams(query: LiveQuery): Promise<void> {
    if (await hasChangeStreams().catch(() => true)) return;
    outsideOfAll(() =>
      query.poll(() => {
        void query.invalidate('everything');
        this.wake();
      }),
    );
  }

  /** One round at a time: what changes during it is looked at in the next. */
  private async read(): Promise<void> {
    this.reading = true;
    const now = Date.now();
    const due = [...this.queries].filter(query => query.dueAt <= now);
    News.tell(await Promise.all(due.map(query => query.refresh())));
    this.reading = false;
    this.wake();
  }
}
