import { setImmediate as nextTurn } from 'node:timers/promises';
import { inThisEnvironment, outsideOfAll } from '../environment';
import { hasChangeStreams } from '../mongo/connection';
import type { CursorDescription } from '../mongo/cursor-options';
import type { Id } from '../mongo/selector';
import { EJSON } from '../shared/ejson';
import { ChangeFeed } from './change-feed';
import { LiveQuery, News } from './live-query';
import { type ChangeCallbacks, isOrdered, type LiveHandle, Observer } from './observer';
import { readChanged } from './sieve';
import type { Touched } from './stale-documents';

/**
 * In a burst of changes every query is due again as soon as it was read. A round of reads is followed by a rest of this
 * many times its own length, so that live queries leave most of the event loop to whoever calls a method.
 */
const restAfterRead = 3;
/** The shortest time (ms) between two looks at what others have changed. */
const pauseBetweenJudgements = 15;

const collections = new Map<string, WatchedCollection>();
const queries = new Map<string, LiveQuery>();

/** How many queries and collections are being watched, for tests. */
export const liveCounts = (): { queries: number; collections: number } => ({
  queries: queries.size,
  collections: collections.size,
});

/**
 * Calls back for the documents of a cursor, and for each change of them. Equal cursors share one live query.
 *
 * @returns when the callbacks have got all present documents
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
    // A new observer gets its documents in a later turn, as in Meteor: the current turn sends `updated` first.
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
 * @returns when all their observers have been called
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

/** Resolves when all observers of a collection have handled the changes so far. */
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

/** Callbacks run in the environment of the observing code, whatever wakes the query. */
const bind = (callbacks: ChangeCallbacks): ChangeCallbacks =>
  Object.fromEntries(
    Object.entries(callbacks).map(([name, callback]) => [name, callback && inThisEnvironment(callback)]),
  );

/** The live queries on one collection, and what wakes them. They are read together and report in turn. */
class WatchedCollection {
  /** In the order in which they began. */
  private readonly queries = new Set<LiveQuery>();
  private feed: ChangeFeed | undefined;
  private opening: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private reading = false;
  /** What the feed has told since the last round. */
  private heard: Id[] | 'everything' = [];
  /** When (ms since 1970) the rest after the last round ends. */
  private restsUntil = 0;
  private judgedAt = 0;
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
   * @param urgent a caller waits for it: read now
   * @returns when it has been read and observers have been called; slow ones may still be busy (`idle`)
   */
  async invalidate(touched: Touched, { urgent = false } = {}): Promise<void> {
    const told = [...this.queries].map(query => query.invalidate(touched, urgent));
    this.wake();
    await Promise.all(told);
  }

  /** Which queries it may concern is judged between two rounds: what they hold is settled then. */
  private hear(touched: Touched): void {
    if (touched === 'everything' || this.heard === 'everything') this.heard = 'everything';
    else this.heard.push(...touched);
    this.wake();
  }

  /** Reads the due queries, now or when their time has come. */
  wake(): void {
    if (this.reading || this.stopped) return;
    clearTimeout(this.timer);
    const delayMs = this.nextReadAt - Date.now();
    if (delayMs <= 0) void this.read();
    else if (Number.isFinite(delayMs)) this.timer = setTimeout(() => void this.read(), delayMs);
  }

  async idle(): Promise<void> {
    await Promise.all([...this.queries].map(query => query.idle()));
  }

  /** A fence doesn't wait for the end of the rest: its query is due at 0. */
  private get nextReadAt(): number {
    const dueAt = Math.min(this.heardAt, ...[...this.queries].map(query => query.dueAt));
    return dueAt === 0 ? 0 : Math.max(dueAt, this.restsUntil);
  }

  /** When (ms since 1970) to judge what was heard. */
  private get heardAt(): number {
    return this.heard.length > 0 ? this.judgedAt + pauseBetweenJudgements : Number.POSITIVE_INFINITY;
  }

  private async open(): Promise<void> {
    if (!(await hasChangeStreams()) || this.stopped) return;
    this.feed = new ChangeFeed(this.name, touched => this.hear(touched));
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

  /** One round at a time: the next one reads what changes during it. */
  private async read(): Promise<void> {
    this.reading = true;
    const from = Date.now();
    await this.judgeHeard();
    const now = Date.now();
    const due = [...this.queries].filter(query => query.dueAt <= now);
    News.tell(await Promise.all(due.map(query => query.refresh())));
    this.restsUntil = Date.now() + restAfterRead * (Date.now() - from);
    this.reading = false;
    this.wake();
  }

  private async judgeHeard(): Promise<void> {
    const { heard } = this;
    this.heard = [];
    if (heard.length === 0) return;
    this.judgedAt = Date.now();
    const sieves = [...this.queries].map(query => query.sieve);
    const changed = await readChanged(this.name, heard, sieves);
    for (const query of this.queries) query.hear(heard, changed);
  }
}
