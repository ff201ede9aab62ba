import type { Log } from '../log';
import type { Options } from '../options';
import { History, type HistoryCollection } from './history';
import { ensureIndexes } from './indexes';
import { Leases } from './leases';
import { Marks } from './marks';
import { within } from './within';

/** Below a lease, so that one can still be renewed after a call that was never answered. */
const shortestDeadlineMs = 2_000;

/** What the processes share: the history of runs, the leases of those at work, the marks of what was dealt with. */
export class Store {
  readonly history: History;
  readonly leases: Leases;
  readonly marks: Marks;
  private indexes: Promise<void> | undefined;

  constructor(
    private readonly collection: HistoryCollection,
    private readonly options: Options,
    private readonly log: Log,
  ) {
    const database = collection.rawDatabase();
    const leaseMs = options.leaseSeconds * 1000;
    const inTime = within(Math.max(shortestDeadlineMs, leaseMs / 2));
    this.history = new History(collection, inTime);
    this.leases = new Leases(database.collection(`${options.collectionName}.leases`), leaseMs, inTime);
    this.marks = new Marks(database.collection(`${options.collectionName}.marks`), inTime);
  }

  /** Resolves when the indexes are there, without which nothing may run. What failed is tried again at the next call. */
  ready(): Promise<void> {
    this.indexes ??= this.ensureIndexes().catch(error => {
      this.indexes = undefined;
      throw error;
    });
    return this.indexes;
  }

  private async ensureIndexes(): Promise<void> {
    await ensureIndexes(this.collection, Math.floor(this.options.collectionTTL ?? 0), this.log);
    await this.leases.ensureIndexes();
  }
}
