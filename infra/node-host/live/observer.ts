import { textOf } from '../../errors/plain-error';
import { isThenable } from '../environment';
import type { Id } from '../mongo/selector';
import { EJSON } from '../shared/ejson';

type Fields = Record<string, unknown>;
type Reaction = unknown;

/** What `observeChanges` may be given. With `addedBefore` or `movedBefore` the order counts. */
export interface ChangeCallbacks {
  added?(id: Id, fields: Fields): Reaction;
  addedBefore?(id: Id, fields: Fields, before: Id | null): Reaction;
  changed?(id: Id, fields: Fields): Reaction;
  movedBefore?(id: Id, before: Id | null): Reaction;
  removed?(id: Id): Reaction;
}

/** One thing that happened to a live query's result. */
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

/** One listener of a live query. It is told of one change after the other, also where a callback takes its time. */
export class Observer {
  private readonly waiting: Change[] = [];
  private busy: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly callbacks: ChangeCallbacks,
    /** Callbacks that promise not to change what they are given save a copy. */
    private readonly copies: boolean,
  ) {}

  /** Callbacks that return at once have been called when this returns. */
  tell(changes: readonly Change[]): void {
    this.waiting.push(...changes);
    if (!this.busy) this.drain();
  }

  /** Resolves when all that was told has been worked on. */
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
