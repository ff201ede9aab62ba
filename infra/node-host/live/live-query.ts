import { textOf } from '../../errors/plain-error';
import type { CursorDescription } from '../mongo/cursor-options';
import { findResult, HeldResult } from './held-result';
import type { Change, Observer } from './observer';
import { type Changed, Sieve } from './sieve';
import { StaleDocuments, type Touched } from './stale-documents';

/** The shortest time between reads (ms) in a burst of changes; a whole result costs more than some documents. */
const pauseBetweenReads = { some: 15, whole: 50 };
const retryAfterMs = 1_000;
/** Meteor's own, for a database without change streams. */
const defaultPollingIntervalMs = 10_000;

/**
 * One query with a live result, shared by all its observers. The database is the matcher: the query reads documents
 * again that may have changed, by id if the result has no order or bounds, and compares them with the last result.
 */
export class LiveQuery {
  private readonly result: HeldResult;
  private readonly stale: StaleDocuments;
  readonly sieve: Sieve;
  private readonly observers = new Set<Observer>();
  /** How many observers are about to come: they keep the query alive while they wait for the first read. */
  private expected = 0;
  private started: Promise<void> | undefined;
  private isStarted = false;
  private stopped = false;
  /** Callbacks for when the stale documents are read and reported. */
  private waiting: (() => void)[] = [];
  private urgent = false;
  private notBefore = 0;
  private pollTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly description: CursorDescription,
    private readonly ordered: boolean,
    private readonly onStop: (query: LiveQuery) => void,
  ) {
    this.result = new HeldResult(ordered);
    this.stale = new StaleDocuments(description.selector, this.readsWhole);
    this.sieve = new Sieve(description);
  }

  /** When (ms since 1970) to read it again: never, if nothing may have changed. */
  get dueAt(): number {
    if (this.stopped || !this.isStarted || this.stale.isEmpty) return Number.POSITIVE_INFINITY;
    return this.urgent ? 0 : this.notBefore;
  }

  /** For a database without change streams: calls `look` again and again. */
  poll(look: () => void): void {
    if (this.stopped) return;
    const intervalMs = this.description.options.pollingIntervalMs ?? defaultPollingIntervalMs;
    this.pollTimer ??= setInterval(look, intervalMs);
  }

  /** A caller is about to `add` an observer; if it gives up, it calls `abandon`. */
  expect(): void {
    this.expected++;
  }

  abandon(): void {
    this.expected--;
    this.stopIfUnused();
  }

  /** Reads the result for the first time. @throws the database's error about the query */
  start(): Promise<void> {
    this.started ??= findResult(this.description, 'everything').then(found => {
      this.result.replace('everything', found);
      this.isStarted = true;
    });
    return this.started;
  }

  /** Reports the whole result to a new observer, and from then on every change. */
  add(observer: Observer): void {
    this.expected--;
    this.observers.add(observer);
    observer.tell(this.result.entries.map(({ id, fields }) => ({ kind: 'added', id, fields, before: null })));
  }

  remove(observer: Observer): void {
    observer.stop();
    if (this.observers.delete(observer)) this.stopIfUnused();
  }

  /** Documents may have changed. @returns when they have been read and reported to the observers */
  invalidate(touched: Touched, urgent = false): Promise<void> {
    if (this.stopped || !this.stale.note(touched)) return Promise.resolve();
    this.urgent ||= urgent;
    return new Promise(resolve => this.waiting.push(resolve));
  }

  /** Others have changed documents. Call it while the query is not being read: what it holds is a part of the question. */
  hear(touched: Touched, changed: readonly Changed[] | undefined): void {
    if (!changed || !this.isStarted) return void this.invalidate(touched);
    const ours = changed.filter(({ key, document }) => this.result.has(key) || this.sieve.mayFind(document));
    if (ours.length > 0) void this.invalidate(ours.map(({ id }) => id));
  }

  /** Reads the documents that may have changed. The returned `News` reports the changes. */
  async refresh(): Promise<News> {
    const waiting = this.waiting.splice(0);
    this.urgent = false;
    this.notBefore = Date.now() + this.minimumPause;
    try {
      const stale = this.stale.take();
      const found = await findResult(this.description, stale === 'everything' ? stale : [...stale.values()]);
      return this.newsOf(this.result.replace(stale, found), waiting);
    } catch (error) {
      return this.retryLater(error, waiting);
    }
  }

  /** Resolves when all observers have handled the changes so far. */
  async idle(): Promise<void> {
    await Promise.all([...this.observers].map(observer => observer.idle()));
  }

  private get readsWhole(): boolean {
    const { limit, skip } = this.description.options;
    return this.ordered || Boolean(limit) || Boolean(skip);
  }

  private get minimumPause(): number {
    const { pollingThrottleMs } = this.description.options;
    return pollingThrottleMs ?? (this.readsWhole ? pauseBetweenReads.whole : pauseBetweenReads.some);
  }

  private newsOf(changes: Change[], waiting: (() => void)[]): News {
    return new News({ observers: [...this.observers], changes, ordered: this.ordered, waiting });
  }

  /**
   * The database doesn't answer, or refuses this query now. Waiting callers go on waiting: nothing was reported yet.
   */
  private retryLater(error: unknown, waiting: (() => void)[]): News {
    if (this.stopped) return this.newsOf([], waiting);
    const { collectionName } = this.description;
    console.error(`Live query on ${collectionName}: reading failed, next try in ${retryAfterMs} ms:`, textOf(error));
    this.waiting.unshift(...waiting);
    this.stale.note('everything');
    this.notBefore = Date.now() + retryAfterMs;
    return this.newsOf([], []);
  }

  private stopIfUnused(): void {
    if (this.observers.size > 0 || this.expected > 0 || this.stopped) return;
    this.stopped = true;
    clearInterval(this.pollTimer);
    for (const resolve of this.waiting.splice(0)) resolve();
    this.onStop(this);
  }
}

interface Contents {
  /** The observers at the time of the read: a later one gets the new result at once. */
  observers: readonly Observer[];
  changes: readonly Change[];
  /** Changes of an ordered result must be reported in order: positions count. */
  ordered: boolean;
  /** Called when all changes are reported. */
  waiting: readonly (() => void)[];
}

/** The changes for the observers of a query after a read. */
export class News {
  constructor(private readonly contents: Contents) {}

  /**
   * Reports the changes of all queries on a collection, in the order of the queries. If several have changes of one
   * document, the order decides what a client sees. As in Meteor, each first reports changed and removed documents,
   * then each reports new ones.
   */
  static tell(all: readonly News[]): void {
    for (const news of all) news.tell(change => !news.isLater(change));
    for (const news of all) news.tell(change => news.isLater(change));
    for (const { contents } of all) for (const resolve of contents.waiting) resolve();
  }

  private isLater({ kind }: Change): boolean {
    return kind === 'added' && !this.contents.ordered;
  }

  private tell(which: (change: Change) => boolean): void {
    const changes = this.contents.changes.filter(which);
    if (changes.length > 0) for (const observer of this.contents.observers) observer.tell(changes);
  }
}
