import { setTimeout as pause } from 'node:timers/promises';
import { database } from '../mongo/connection';
import type { CursorDescription } from '../mongo/cursor-options';
import { projectionOf, toFindOptions } from '../mongo/cursor-options';
import { type Id, idsMatchedBy } from '../mongo/selector';
import { fromMongo, toMongo } from '../mongo/translate';
import { MongoID } from '../shared/object-id';
import type { Change, Observer } from './observer';
import { changesBetween, type Entry, orderedChangesBetween, type Result } from './result-changes';

/** Which documents may have changed. */
export type Touched = readonly Id[] | 'everything';

/** Above this many, one read of the whole result is cheaper than a look at each. */
const maxIdsAtOnce = 500;
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
  private result: Result = new Map();
  private readonly observers = new Set<Observer>();
  /** Ids to look at again, by their DDP form. */
  private stale: Map<string, Id> | 'everything' | undefined;
  /** Who waits for what is stale to be read and told. */
  private waiting: (() => void)[] = [];
  private urgent = false;
  private reading = false;
  private lastRead = 0;
  private timer: NodeJS.Timeout | undefined;
  private pollTimer: NodeJS.Timeout | undefined;
  private started: Promise<void> | undefined;
  private stopped = false;
  /** How many are about to observe: they keep it alive while they wait for the first read. */
  private expected = 0;
  private readonly boundToIds: Set<string> | undefined;

  constructor(
    private readonly description: CursorDescription,
    private readonly ordered: boolean,
    private readonly onStop: (query: LiveQuery) => void,
  ) {
    const ids = idsMatchedBy(description.selector);
    this.boundToIds = ids && new Set(ids.map(MongoID.idStringify));
  }

  get collectionName(): string {
    return this.description.collectionName;
  }

  /** For a database without change streams: looks again and again. */
  poll(): void {
    if (this.stopped) return;
    const intervalMs = this.description.options.pollingIntervalMs ?? defaultPollingIntervalMs;
    this.pollTimer ??= setInterval(() => void this.invalidate('everything'), intervalMs);
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
    this.started ??= this.read('everything').then(result => {
      this.result = result;
    });
    return this.started;
  }

  /** Tells a newcomer all that is there; from then on it hears of every change. */
  add(observer: Observer): void {
    this.expected--;
    this.observers.add(observer);
    const entries = [...this.result.values()];
    observer.tell(entries.map(({ id, fields }) => ({ kind: 'added', id, fields, before: null })));
  }

  remove(observer: Observer): void {
    observer.stop();
    if (this.observers.delete(observer)) this.stopIfUnused();
  }

  /**
   * Documents may have changed.
   *
   * @param urgent somebody waits for it: read now
   * @returns when it has been read, and observers have been told; those that take their time may still be at it (`idle`)
   */
  invalidate(touched: Touched, { urgent = false } = {}): Promise<void> {
    if (this.stopped || !this.note(touched)) return Promise.resolve();
    const told = new Promise<void>(resolve => this.waiting.push(resolve));
    this.urgent ||= urgent;
    this.schedule();
    return told;
  }

  /** Resolves when all observers have worked on what they have been told. */
  async idle(): Promise<void> {
    await Promise.all([...this.observers].map(observer => observer.idle()));
  }

  /** @returns whether any of it is our concern */
  private note(touched: Touched): boolean {
    if (touched === 'everything') {
      this.stale = 'everything';
      return true;
    }
    const keys = touched.map(id => [MongoID.idStringify(id), id] as const);
    const ours = keys.filter(([key]) => !this.boundToIds || this.boundToIds.has(key));
    if (ours.length === 0) return false;
    if (this.stale !== 'everything') this.stale = new Map([...(this.stale ?? []), ...ours]);
    return true;
  }

  private get readsWhole(): boolean {
    const { limit, skip } = this.description.options;
    return this.ordered || Boolean(limit) || Boolean(skip);
  }

  private get minimumPause(): number {
    const { pollingThrottleMs } = this.description.options;
    return pollingThrottleMs ?? (this.readsWhole ? pauseBetweenReads.whole : pauseBetweenReads.some);
  }

  private schedule(): void {
    if (this.reading || this.stopped) return;
    clearTimeout(this.timer);
    const delayMs = this.urgent ? 0 : this.lastRead + this.minimumPause - Date.now();
    if (delayMs <= 0) void this.catchUp();
    else this.timer = setTimeout(() => void this.catchUp(), delayMs);
  }

  /** One read at a time: what changes during it is looked at in the next. */
  private async catchUp(): Promise<void> {
    const { stale } = this;
    if (!stale) return;
    const waiting = this.waiting.splice(0);
    this.stale = undefined;
    this.urgent = false;
    this.reading = true;
    try {
      await this.refresh(stale);
      for (const resolve of waiting) resolve();
    } catch (error) {
      await this.waitToRetry(error, waiting);
    }
    this.reading = false;
    if (this.stale) this.schedule();
  }

  private async refresh(stale: Map<string, Id> | 'everything'): Promise<void> {
    await this.start();
    this.lastRead = Date.now();
    const whole = stale === 'everything' || this.readsWhole || stale.size > maxIdsAtOnce;
    const found = await this.read(whole ? 'everything' : [...stale.values()]);
    if (this.stopped) return;
    const changes = whole ? this.replaceAll(found) : this.replaceSome(stale, found);
    if (changes.length === 0) return;
    for (const observer of this.observers) observer.tell(changes);
  }

  /** The database doesn't answer, or not to this query any more. Who waits goes on waiting: nothing was told yet. */
  private async waitToRetry(error: unknown, waiting: (() => void)[]): Promise<void> {
    this.waiting.unshift(...waiting);
    this.stale = 'everything';
    if (this.stopped) return this.tellWaiting();
    console.error(`Live query on ${this.collectionName}: reading failed, next try in ${retryAfterMs} ms:`, error);
    await pause(retryAfterMs);
  }

  private replaceAll(found: Result): Change[] {
    const changes = this.ordered ? orderedChangesBetween(this.result, found) : changesBetween(this.result, found);
    this.result = found;
    return changes;
  }

  private replaceSome(stale: Map<string, Id>, found: Result): Change[] {
    const before: Result = new Map();
    for (const key of stale.keys()) {
      const known = this.result.get(key);
      if (known) before.set(key, known);
    }
    for (const key of before.keys()) this.result.delete(key);
    for (const [key, entry] of found) this.result.set(key, entry);
    return changesBetween(before, found);
  }

  // Always from the primary: a change stream can be ahead of a secondary, and what is read too old is never read again.
  private async read(touched: Touched): Promise<Result> {
    const { selector, options } = this.description;
    const filter = touched === 'everything' ? selector : { $and: [selector, { _id: { $in: touched } }] };
    const bounds =
      touched === 'everything'
        ? { ...toFindOptions(options), readPreference: 'primary' as const }
        : { projection: projectionOf(options) };
    const documents = await database().collection(this.collectionName).find(toMongo(filter), bounds).toArray();
    return new Map(documents.map(document => toEntry(fromMongo<Record<string, unknown>>(document))));
  }

  private stopIfUnused(): void {
    if (this.observers.size > 0 || this.expected > 0 || this.stopped) return;
    this.stopped = true;
    clearTimeout(this.timer);
    clearInterval(this.pollTimer);
    this.tellWaiting();
    this.onStop(this);
  }

  private tellWaiting(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

function toEntry({ _id, ...fields }: Record<string, unknown>): [string, Entry] {
  return [MongoID.idStringify(_id), { id: _id as Id, fields }];
}
