import type { Change, Observer } from './observer';

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
