import { EJSON } from '../../shared/ejson';
import { type Changes, changedFields, diff, keyOf } from './diff';
import type { Document } from './selector';

/** The compiled query of a cursor. */
export interface Plan {
  matches(document: Document): boolean;
  /** Sort, skip and limit. */
  arrange(documents: Document[]): Document[];
  /** The wanted fields; the same result for the same document. */
  project(document: Document): Document;
}

/** Documents that queries may be run on and kept up to date with. */
export interface Source {
  all(): Iterable<Document>;
  /** @returns the query, live until `stop` */
  observe(plan: Plan, changes: Changes): { query: LiveQuery; stop: () => void };
}

/** The live result of a query, and its observers. */
export class LiveQuery {
  private results: Document[];

  constructor(
    private readonly plan: Plan,
    documents: Iterable<Document>,
    private readonly changes: Changes,
  ) {
    this.results = run(plan, documents);
  }

  get documents(): readonly Document[] {
    return this.results;
  }

  /** @param versions of a document, before and after */
  isAffectedBy(versions: (Document | undefined)[]): boolean {
    return versions.some(document => document && this.plan.matches(document));
  }

  /** @returns a function that reports the changes, or undefined if there are none to report */
  refresh(documents: Iterable<Document>): (() => void) | undefined {
    const previous = this.results;
    const next = run(this.plan, documents);
    this.results = next;
    const isSame = next.length === previous.length && next.every((document, index) => document === previous[index]);
    return isSame ? undefined : () => diff(previous, next, this.changes);
  }
}

/** @returns what `plan` selects, its fields only */
export function run(plan: Plan, documents: Iterable<Document>): Document[] {
  const matching: Document[] = [];
  for (const document of documents) if (plan.matches(document)) matching.push(document);
  return plan.arrange(matching).map(plan.project);
}

type FieldsOf = Record<string, unknown>;

/** Meteor's callbacks of `observeChanges`. With `addedBefore` or `movedBefore` they report the order too. */
export interface ChangeObserver {
  added?(id: unknown, fields: FieldsOf): void;
  addedBefore?(id: unknown, fields: FieldsOf, before: unknown): void;
  /** @param fields the changed ones; undefined ones are gone */
  changed?(id: unknown, fields: FieldsOf): void;
  movedBefore?(id: unknown, before: unknown): void;
  removed?(id: unknown): void;
  /** Reports no document that is there at the beginning. */
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

/**
 * Keeps the order in its own list, for the indexes.
 *
 * @param show gives what the observer gets of a document.
 */
export function documentChangesFor(
  observer: DocumentObserver,
  show: (document: Document) => Document,
): Changes & { begin(documents: readonly Document[]): void } {
  const order: string[] = [];
  const placeBefore = (before: Document | null) => (before ? order.indexOf(keyOf(before)) : order.length);
  return {
    begin: documents => void order.push(...documents.map(keyOf)),
    added(document, before) {
      const at = placeBefore(before);
      order.splice(at, 0, keyOf(document));
      const copy = show(document);
      observer.added?.(copy);
      observer.addedAt?.(copy, at, before?._id ?? null);
    },
    changed(document, previous) {
      const [copy, old] = [show(document), show(previous)];
      observer.changed?.(copy, old);
      observer.changedAt?.(copy, old, order.indexOf(keyOf(document)));
    },
    moved(document, before) {
      const from = order.indexOf(keyOf(document));
      order.splice(from, 1);
      const to = placeBefore(before);
      order.splice(to, 0, keyOf(document));
      if (from !== to) observer.movedTo?.(show(document), from, to, before?._id ?? null);
    },
    removed(document) {
      const at = order.indexOf(keyOf(document));
      order.splice(at, 1);
      const copy = show(document);
      observer.removed?.(copy);
      observer.removedAt?.(copy, at);
    },
  };
}
