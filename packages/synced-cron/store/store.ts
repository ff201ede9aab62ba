import type { Log } from '../log';
import type { Options } from '../options';
import { History, type HistoryCollection } from './history';
import { ensureIndexes, makeMissing } from './indexes';
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
  /** Somebody may drop an index, or a whole collection (a restore does): once in the time of a lease it is looked for. */
  private readonly lookAgainMs: number;
  /** By a clock that nobody sets. */
  private lookedAt = 0;

  constructor(
    private readonly collection: HistoryCollection,
    private readonly options: Options,
    private readonly log: Log,
  ) {
    const database = collection.rawDatabase();
    const leaseMs = options.leaseSeconds * 1000;
    this.lookAgainMs = leaseMs;
    const inTime = within(Math.max(shortestDeadlineMs, leaseMs / 2));
    this.history = new History(collection, inTime);
    this.leases = new Leases(database.collection(`${options.collectionName}.leases`), leaseMs, inTime);
    this.marks = new Marks(database.collection(`${options.collectionName}.marks`), inTime);
  }

  /** Resolves when the indexes are there, without which nothing may run. What failed is tried again at the next call. */
  ready(): Promise<void> {
    if (this.indexes && performance.now() - this.lookedAt > this.lookAgainMs)
      this.indexes = this.indexes.then(() => this.look(makeMissing));
    this.indexes ??= this.look(ensureIndexes);
    return this.indexes;
  }

  private async look(ensure: typeof ensureIndexes): Promise<void> {
    this.lookedAt = performance.now();
    try {
      await ensure(this.collection, Math.floor(this.options.collectionTTL ?? 0), this.log);
      await this.leases.ensureIndexes();
    } catch (error) {
      this.indexes = undefined;
      throw error;
    }
  }
}
