import type { Cursor } from '../../ddp-client/minimongo/cursor';
import { keyOf } from '../../ddp-client/minimongo/diff';
import type { Document } from '../../ddp-client/minimongo/selector';
import { Tracker } from '../../tracker/tracker';
import { sameData } from './live-value';

/** A cursor's documents for one component. A document that has not changed stays the same object. */
export class LiveList {
  private list: Document[];
  private snapshot: Document[];
  private known: Map<string, Document>;
  private notifying = false;

  /** @param earlier documents that keep their identity */
  constructor(
    private readonly cursor: Cursor,
    earlier: readonly Document[],
  ) {
    this.known = byKey(earlier);
    this.list = Tracker.nonreactive(() => cursor.fetch()).map(document => this.sameAsKnown(document));
    this.snapshot = this.list;
  }

  /** For useSyncExternalStore. */
  subscribe = (onChange: () => void): (() => void) => {
    this.known = byKey(this.list);
    let active = true;
    const notify = () => active && onChange();
    const handle = this.observe(notify);
    // Also when all documents are gone since, without any callback.
    this.notifySoon(notify);
    return () => {
      active = false;
      handle.stop();
    };
  };

  getSnapshot = (): Document[] => this.snapshot;

  private observe(notify: () => void) {
    const list: Document[] = [];
    this.list = list;
    const splice = (at: number, gone: number, ...come: Document[]) => {
      this.notifySoon(notify);
      return list.splice(at, gone, ...come);
    };
    const handle = Tracker.nonreactive(() =>
      this.cursor.observe({
        addedAt: (document, at) => void splice(at, 0, this.sameAsKnown(document)),
        changedAt: (document, _previous, at) => void splice(at, 1, document),
        removedAt: (_document, at) => void splice(at, 1),
        movedTo: (_document, from, to) => void splice(to, 0, ...splice(from, 1)),
      }),
    );
    this.known = new Map();
    return handle;
  }

  /** Once for all changes that come together. */
  private notifySoon(notify: () => void): void {
    if (this.notifying) return;
    this.notifying = true;
    queueMicrotask(() => {
      this.notifying = false;
      const isSame =
        this.list.length === this.snapshot.length && this.list.every((document, at) => document === this.snapshot[at]);
      if (isSame) return;
      this.snapshot = [...this.list];
      notify();
    });
  }

  private sameAsKnown(document: Document): Document {
    const earlier = this.known.get(keyOf(document));
    return earlier && sameData(earlier, document) ? earlier : document;
  }
}

function byKey(documents: readonly Document[]): Map<string, Document> {
  return new Map(documents.map(document => [keyOf(document), document]));
}
