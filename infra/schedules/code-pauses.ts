import type { Collection, Db } from 'mongodb';
import { duplicateKey } from '../queue/store/mongo-insert';

/** The pause of a schedule of the app's code. */
export interface CodePause {
  /** The schedule's name. */
  _id: string;
  since: Date;
  /** The operator's name. */
  by: string;
  /** When it was resumed. The record stays: what fell due until then is never made up for. */
  until?: Date;
}

const mostListed = 100;

/**
 * Which schedules of the app's code are paused: a document for each that ever was, behind the history of their runs. The
 * database's clock sets the times, so that all roles judge the same occurrence alike.
 */
export class CodePauses {
  private readonly collection: Collection<CodePause>;

  constructor(db: Db, cronHistory: string) {
    this.collection = db.collection(`${cronHistory}.pauses`);
  }

  /** The pauses of these schedules, by name: those that go on and the last ones of those that were resumed. */
  async read(names: string[]): Promise<Map<string, CodePause>> {
    const found = await this.collection.find({ _id: { $in: names } }).toArray();
    return new Map(found.map(pause => [pause._id, pause]));
  }

  /** Those that are paused now. */
  list(): Promise<CodePause[]> {
    return this.collection
      .find({ until: { $exists: false } })
      .sort({ _id: 1 })
      .limit(mostListed)
      .toArray();
  }

  /** Pausing again leaves a pause as it is, with the name of whoever was first. */
  async pause(name: string, by: string): Promise<void> {
    const change = { $set: { by }, $currentDate: { since: true as const }, $unset: { until: '' as const } };
    await this.collection
      .updateOne({ _id: name, until: { $exists: true } }, change, { upsert: true })
      .catch(unlessPaused);
  }

  /** @returns false where it is not paused. */
  async resume(name: string): Promise<boolean> {
    const paused = { _id: name, until: { $exists: false } };
    return (await this.collection.updateOne(paused, { $currentDate: { until: true } })).matchedCount === 1;
  }
}

/** A document without an end matches nothing, and can't be inserted a second time. */
function unlessPaused(error: { code?: unknown }): void {
  if (error.code !== duplicateKey) throw error;
}

/** Until when this pause leaves out occurrences: for ever, as long as it goes on. */
export const leavesOutUntil = (pause: CodePause | undefined): number =>
  pause ? (pause.until?.getTime() ?? Number.POSITIVE_INFINITY) : Number.NEGATIVE_INFINITY;
