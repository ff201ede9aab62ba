import { textOf } from '../../errors/plain-error';
import { isThenable } from '../environment';
import type { Id } from '../mongo/selector';
import type { Transform } from '../shared/collection';
import { EJSON } from '../shared/ejson';
import { MongoID } from '../shared/object-id';

type Fields = Record<string, unknown>;
type Reaction = unknown;

/** The callbacks of `observeChanges`. With `addedBefore` or `movedBefore` the order counts. */
export interface ChangeCallbacks {
  added?(id: Id, fields: Fields): Reaction;
  addedBefore?(id: Id, fields: Fields, before: Id | null): Reaction;
  changed?(id: Id, fields: Fields): Reaction;
  movedBefore?(id: Id, before: Id | null): Reaction;
  removed?(id: Id): Reaction;
}

/** One change of a live query's result. */
export type Change =
  | { kind: 'added'; id: Id; fields: Fields; before: Id | null }
  | { kind: 'changed'; id: Id; fields: Fields }
  | { kind: 'moved'; id: Id; before: Id | null }
  | { kind: 'removed'; id: Id };

export interface LiveHandle {
  stop(): void;
}

export const isOrdered = (callbacks: ChangeCallbacks): boolean =>
  Boolean(callbacks.addedBefore || callbacks.movedBefore);

/** One listener of a live query. It gets one change after the other, even if a callback is slow. */
export class Observer {
  private readonly waiting: Change[] = [];
  private busy: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly callbacks: ChangeCallbacks,
    /** Whether callbacks get copies: those that promise not to change documents need none. */
    private readonly copies: boolean,
  ) {}

  /** Callbacks that return at once have been called when this returns. */
  tell(changes: readonly Change[]): void {
    this.waiting.push(...changes);
    if (!this.busy) this.drain();
  }

  /** Resolves when all changes so far have been handled. */
  async idle(): Promise<void> {
    while (this.busy) await this.busy;
  }

  stop(): void {
    this.stopped = true;
    this.waiting.length = 0;
  }

  private drain(): void {
    for (let change = this.waiting.shift(); change && !this.stopped; change = this.waiting.shift()) {
      const reaction = this.call(change);
      if (!isThenable(reaction)) continue;
      this.busy = Promise.resolve(reaction)
        .then(undefined, reportException)
        .then(() => {
          this.busy = undefined;
          this.drain();
        });
      return;
    }
  }

  private call(change: Change): Reaction {
    try {
      return this.dispatch(change);
    } catch (error) {
      return reportException(error);
    }
  }

  private dispatch(change: Change): Reaction {
    const { added, addedBefore, changed, movedBefore, removed } = this.callbacks;
    if (change.kind === 'removed') return removed?.(change.id);
    if (change.kind === 'moved') return movedBefore?.(change.id, change.before);
    const fields = this.copies ? EJSON.clone(change.fields) : change.fields;
    if (change.kind === 'changed') return changed?.(change.id, fields);
    if (addedBefore) return addedBefore(change.id, fields, change.before);
    return added?.(change.id, fields);
  }
}

function reportException(error: unknown): void {
  console.error('Exception in observe callback:', textOf(error));
}

/** The callbacks of `observe`: they get whole documents, transformed. With an `…At` or `movedTo` the order counts. */
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
    /** Documents that are added before `observing` resolves are the initial ones. */
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
