import type { Collection, WriteError } from 'mongodb';
import { Coalesced } from '../../timing/coalesced';
import { withTimeout } from '../../timing/with-timeout';
import type { Task } from '../model/task';
import { isDatabaseAway } from './database-errors';
import { afterDuplicate, asNotConfirmed, duplicateKey, insertMany, insertTasks, partsOf } from './mongo-insert';
import type { Inserted, Insertion } from './task-store';

interface Waiting extends Insertion {
  answer(inserted: Promise<Inserted>): void;
}

/** A write that takes longer holds up nobody: what has come since then goes beside it, over another connection. */
const overtakeAfterMs = 100;

/**
 * Group commit: what is added while a write is under way goes into the next one, all together. Each write waits for the
 * journal, so callers share that wait. A caller who is alone waits for nobody, and each gets the answer to its own
 * insertion: of what is wrong with another's it hears nothing.
 */
export class GroupedInserts {
  private waiting: Waiting[] = [];
  private readonly writes = new Coalesced(
    () => this.writeAll(),
    () => this.waiting.length > 0,
  );

  constructor(private readonly collection: Collection<Task>) {}

  insert(insertion: Insertion): Promise<Inserted> {
    return new Promise(resolve => {
      this.waiting.push({ ...insertion, answer: resolve });
      this.writes.soon();
    });
  }

  private async writeAll(): Promise<void> {
    while (this.waiting.length > 0) {
      const parts = partsOf(this.waiting.splice(0)).map(part => this.write(part));
      await withTimeout(overtakeAfterMs, Promise.all(parts), () => new Error('slow')).catch(() => {});
    }
  }

  /** Never rejects. */
  private async write(group: readonly Waiting[]): Promise<void> {
    try {
      const { refused } = await insertMany(this.collection, group);
      for (const [index, one] of group.entries()) one.answer(this.answerTo(one, refused.get(index)));
    } catch (error) {
      for (const one of group) one.answer(this.answerWithout(one, error));
    }
  }

  private async answerTo(insertion: Insertion, refusal: WriteError | undefined): Promise<Inserted> {
    const { _id } = insertion.task;
    if (!refusal) return { kind: 'added', id: _id };
    if (refusal.code !== duplicateKey) return this.alone(insertion);
    return afterDuplicate(this.collection, insertion, refusal).catch(error => {
      throw asNotConfirmed(error, [_id]);
    });
  }

  /** Nothing of the group is written, be it because one of it can't even be sent; or nobody knows. */
  private async answerWithout(insertion: Insertion, error: unknown): Promise<Inserted> {
    if (isDatabaseAway(error)) throw asNotConfirmed(error, [insertion.task._id]);
    return this.alone(insertion);
  }

  /** Alone it is seen whose the problem is. */
  private async alone(insertion: Insertion): Promise<Inserted> {
    const [inserted] = await insertTasks(this.collection, [insertion]);
    return inserted as Inserted;
  }
}
