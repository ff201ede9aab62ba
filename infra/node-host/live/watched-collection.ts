import { outsideOfAll } from '../environment';
import { hasChangeStreams } from '../mongo/connection';
import { ChangeFeed } from './change-feed';
import type { LiveQuery } from './live-query';
import { News } from './news';
import type { Touched } from './stale-documents';

/** The live queries on one collection, and what wakes them. They are read together and speak in turn. */
export class WatchedCollection {
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
