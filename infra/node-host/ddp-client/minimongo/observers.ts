import { EJSON } from '../../shared/ejson';
import { type Changes, changedFields, keyOf } from './diff';
import type { Document } from './selector';

type FieldsOf = Record<string, unknown>;

/** Meteor's callbacks of `observeChanges`. With `addedBefore` or `movedBefore` they tell the order too. */
export interface ChangeObserver {
  added?(id: unknown, fields: FieldsOf): void;
  addedBefore?(id: unknown, fields: FieldsOf, before: unknown): void;
  /** @param fields those that changed; undefined ones are gone */
  changed?(id: unknown, fields: FieldsOf): void;
  movedBefore?(id: unknown, before: unknown): void;
  removed?(id: unknown): void;
  /** Nothing is told of what is there at the beginning. */
  _suppress_initial?: boolean;
}

/** Meteor's callbacks of `observe`: whole documents, with their places where the name ends in `At` or `To`. */
export interface DocumentObserver {
  added?(document: Document): void;
  addedAt?(document: Document, at: number, before: unknown): void;
  changed?(document: Document, previous: Document): void;
  changedAt?(document: Document, previous: Document, at: number): void;
  movedTo?(document: Document, from: number, to: number, before: unknown): void;
  removed?(previous: Document): void;
  removedAt?(previous: Document, at: number): void;
  _suppress_initial?: boolean;
}

export function changesFor(observer: ChangeObserver): Changes {
  return {
    added(document, before) {
      const { _id, ...fields } = EJSON.clone(document);
      observer.added?.(_id, fields);
      observer.addedBefore?.(_id, fields, before?._id ?? null);
    },
    changed: (document, previous) => observer.changed?.(document._id, EJSON.clone(changedFields(document, previous))),
    moved: (document, before) => observer.movedBefore?.(document._id, before?._id ?? null),
    removed: document => observer.removed?.(document._id),
  };
}

/** Keeps the order in a list of its own, for the places. */
export function documentChangesFor(
  observer: DocumentObserver,
): Changes & { begin(documents: readonly Document[]): void } {
  const order: string[] = [];
  const placeBefore = (before: Document | null) => (before ? order.indexOf(keyOf(before)) : order.length);
  return {
    begin: documents => void order.push(...documents.map(keyOf)),
    added(document, before) {
      const at = placeBefore(before);
      order.splice(at, 0, keyOf(document));
      const copy = EJSON.clone(document);
      observer.added?.(copy);
      observer.addedAt?.(copy, at, before?._id ?? null);
    },
    changed(document, previous) {
      const [copy, old] = [EJSON.clone(document), EJSON.clone(previous)];
      observer.changed?.(copy, old);
      observer.changedAt?.(copy, old, order.indexOf(keyOf(document)));
    },
    moved(document, before) {
      const from = order.indexOf(keyOf(document));
      order.splice(from, 1);
      const to = placeBefore(before);
      order.splice(to, 0, keyOf(document));
      if (from !== to) observer.movedTo?.(EJSON.clone(document), from, to, before?._id ?? null);
    },
    removed(document) {
      const at = order.indexOf(keyOf(document));
      order.splice(at, 1);
      const copy = EJSON.clone(document);
      observer.removed?.(copy);
      observer.removedAt?.(copy, at);
    },
  };
}
