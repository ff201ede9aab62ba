import { textOf } from '../../errors/plain-error';
import type { CursorDescription } from '../mongo/cursor-options';
import { findResult, HeldResult } from './held-result';
import type { Change, Observer } from './observer';
import { StaleDocuments, type Touched } from './stale-documents';

/** A burst of changes is read at most this often (ms); a whole result costs more than some documents. */
const pauseBetweenReads = { some: 15, whole: 50 };
const retryAfterMs = 1_000;
/** Meteor's own, for a database that tells nothing. */
const defaultPollingIntervalMs = 10_000;

/**
 * One query whose result is kept up to date, shared by all who observe it. The database is the matcher: what may have
 * changed is read again, by id where the result has no order or bounds, and compared with what was there.
 */
export class LiveQuery {
  private readonly result: HeldResult;
  private readonly stale: StaleDocuments;
  private readonly observers = new Set<Observer>();
  /** How many are about to observe: they keep it alive while they wait for the first read. */
  private expected = 0;
  private started: Promise<void> | undefined;
  private isStarted = false;
  private stopped = false;
  /** Who waits for what is stale to be read and told. */
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
  }

  /** When (ms since 1970) it is to be read again: never, where nothing may have changed. */
  get dueAt(): number {
    if (this.stopped || !this.isStarted || this.stale.isEmpty) return Number.POSITIVE_INFINITY;
    return this.urgent ? 0 : this.notBefore;
  }

  /** For a database without change streams: calls again and again. */
  poll(look: () => void): void {
    if (this.stopped) return;
    const intervalMs = this.description.options.pollingIntervalMs ?? defaultPollingIntervalMs;
    this.pollTimer ??= setInterval(look, intervalMs);
  }

  /** Somebody is about to `add` an observer, or gives up (`abandon`). */
  expect(): void {
    this.expected++;
  }

  abandon(): void {
    this.expected--;
    this.stopIfUnused();
  }

  /** Reads the result for the first time. @throws what the database says of the query */
  start(): Promise<void> {
    this.started ??= findResult(this.description, 'everything').then(found => {
      this.result.replace('everything', found);
      this.isStarted = true;
    });
    return this.started;
  }

  /** Tells a newcomer all that is there; from then on it hears of every change. */
  add(observer: Observer): void {
    this.expected--;
    this.observers.add(observer);
    observer.tell(this.result.entries.map(({ id, fields }) => ({ kind: 'added', id, fields, before: null })));
  }

  remove(observer: Observer): void {
    observer.stop();
    if (this.observers.delete(observer)) this.stopIfUnused();
  }

  /** Documents may have changed. @returns when they have been read, and observers have been told */
  invalidate(touched: Touched, urgent = false): Promise<void> {
    if (this.stopped || !this.stale.note(touched)) return Promise.resolve();
    this.urgent ||= urgent;
    return new Promise(resolve => this.waiting.push(resolve));
  }

  /** Reads what may have changed. Nobody is told by this: that is the news' to do. */
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

  /** Resolves when all observers have worked on what they have been told. */
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

  /** The database doesn't answer, or not to this query any more. Who waits goes on waiting: nothing was told yet. */
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
  /** Those who observed when it was read: who comes later gets the new result at once. */
  observers: readonly Observer[];
  changes: readonly Change[];
  /** Of an ordered result nothing can be told out of its turn: positions count. */
  ordered: boolean;
  /** Called when all is told. */
  waiting: readonly (() => void)[];
}

/** What the observers of a query have to be told after a read. */
export class News {
  constructor(private readonly contents: Contents) {}

  /**
   * Tells the news of all queries on a collection, in their order. Where several have something to say of one document,
   * what a client sees depends on who speaks first; as in Meteor it is each of what it had (changed, gone), then each of
   * what is new to it.
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
