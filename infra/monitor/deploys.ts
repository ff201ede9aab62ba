import type { Collection, Db } from 'mongodb';
import type { ProcessIdentity } from './processes';

/** A version of the app that has run here: a mark on the axis of time, to be seen beside what changed with it. */
export interface Deploy {
  _id: string;
  version: string;
  commit: string;
  /** When a process of it was first seen, by the database's clock. */
  firstAt: Date;
  /** When the last process of it was started. */
  lastAt: Date;
}

/** As long as the longest statistics. */
const keptSeconds = 731 * 24 * 60 * 60;
const mostListed = 200;

/** Remembers which versions have run: each process says so once, at its start. */
export class Deploys {
  private readonly collection: Collection<Deploy>;

  constructor(db: Db) {
    this.collection = db.collection('deploys');
  }

  async ensureIndexes(): Promise<void> {
    await this.collection.createIndexes([
      { name: 'retention', key: { lastAt: 1 }, expireAfterSeconds: keptSeconds },
      { name: 'first', key: { firstAt: -1 } },
    ]);
  }

  async mark({ version, commit }: Pick<ProcessIdentity, 'version' | 'commit'>): Promise<void> {
    const firstAt = { $ifNull: ['$firstAt', '$$NOW'] };
    await this.collection.updateOne(
      { _id: `${version} ${commit}` },
      [{ $set: { version: { $literal: version }, commit: { $literal: commit }, firstAt, lastAt: '$$NOW' } }],
      { upsert: true },
    );
  }

  /** Those that were first seen since then, the newest first; 200 at most. */
  list(since: Date): Promise<Deploy[]> {
    return this.collection
      .find({ firstAt: { $gte: since } })
      .sort({ firstAt: -1 })
      .limit(mostListed)
      .maxTimeMS(5_000)
      .toArray();
  }
}
