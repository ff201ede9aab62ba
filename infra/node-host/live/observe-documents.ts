import type { Transform } from '../mongo/cursor-options';
import type { Id } from '../mongo/selector';
import { EJSON } from '../shared/ejson';
import { MongoID } from '../shared/object-id';
import type { ChangeCallbacks } from './observer';

type Reaction = unknown;

/** What `observe` may be given: whole documents, transformed; with an `…At` or `movedTo` the order counts. */
export interface ObserveCallbacks {
  added?(document: unknown): Reaction;
  addedAt?(document: unknown, index: number, before: Id | null): Reaction;
  changed?(now: unknown, before: unknown): Reaction;
  changedAt?(now: unknown, before: unknown, index: number): Reaction;
  removed?(document: unknown): Reaction;
  removedAt?(document: unknown, index: number): Reaction;
  movedTo?(document: unknown, from: number, to: number, before: Id | null): Reaction;
  _suppress_initial?: boolean;
  _no_indices?: boolean;
}

interface Held {
  _id: Id;
  [field: string]: unknown;
}

/** Turns callbacks for documents into callbacks for changes, by holding the documents. */
export function documentCallbacks(given: ObserveCallbacks, transform: Transform) {
  const held: Held[] = [];
  let initial = true;
  const show = (document: Held) => (transform ? transform(EJSON.clone(document)) : EJSON.clone(document));
  const indexOf = (id: Id) => held.findIndex(document => MongoID.idStringify(document._id) === MongoID.idStringify(id));
  const indexBefore = (before: Id | null) => (before === null ? held.length : indexOf(before));
  const shown = (index: number) => (given._no_indices ? -1 : index);

  const added = (id: Id, fields: object, before: Id | null): Reaction => {
    const document = { _id: id, ...EJSON.clone(fields) } as Held;
    const index = indexBefore(before);
    held.splice(index, 0, document);
    if (initial && given._suppress_initial) return undefined;
    return given.addedAt ? given.addedAt(show(document), shown(index), before) : given.added?.(show(document));
  };
  const changed = (id: Id, fields: Record<string, unknown>): Reaction => {
    const index = indexOf(id);
    const before = EJSON.clone(held[index]!);
    held[index] = applyFields(held[index]!, fields);
    const [now, old] = [show(held[index]), show(before)];
    return given.changedAt ? given.changedAt(now, old, shown(index)) : given.changed?.(now, old);
  };
  const movedBefore = (id: Id, before: Id | null): Reaction => {
    const from = indexOf(id);
    const [document] = held.splice(from, 1);
    const to = indexBefore(before);
    held.splice(to, 0, document!);
    return given.movedTo?.(show(document!), shown(from), shown(to), before);
  };
  const removed = (id: Id): Reaction => {
    const index = indexOf(id);
    const [document] = held.splice(index, 1);
    return given.removedAt ? given.removedAt(show(document!), shown(index)) : given.removed?.(show(document!));
  };

  const ordered = Boolean(given.addedAt || given.changedAt || given.removedAt || given.movedTo);
  const callbacks: ChangeCallbacks = ordered
    ? { addedBefore: added, changed, movedBefore, removed }
    : { added: (id, fields) => added(id, fields, null), changed, removed };

  return {
    callbacks,
    /** What is added while `observing` is on its way is what was there in the beginning. */
    async whileInitial<T>(observing: () => Promise<T>): Promise<T> {
      const handle = await observing();
      initial = false;
      return handle;
    },
  };
}

function applyFields(document: Held, fields: Record<string, unknown>): Held {
  const next = { ...document, ...EJSON.clone(fields) };
  for (const [key, value] of Object.entries(fields)) if (value === undefined) delete next[key];
  return next;
}
