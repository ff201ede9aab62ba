import type { Collection } from 'mongodb';
import type { Log } from '../log';
import type { Options } from '../options';
import { History, type HistoryCollection } from './history';
import { ensureIndexes, makeMissing } from './indexes';
import { Leases } from './leases';
import { type Within, within } from './within';

/** Shorter than a lease, so that a lease can still be renewed after a call without an answer. */
const shortestDeadlineMs = 2_000;

/** The shared state of the processes: the history of runs, the leases of running ones, and the marks. */
export class Store {
  readonly history: History;
  readonly leases: Leases;
  readonly marks: Marks;
  private indexes: Promise<void> | undefined;
  /** Somebody may drop an index, or a whole collection (as a restore does): the store checks once per lease time. */
  private readonly lookAgainMs: number;
  private readonly inTime: Within;
  /** By a monotonic clock. */
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
    this.inTime = inTime;
    this.history = new History(collection, inTime);
    this.leases = new Leases(database.collection(`${options.collectionName}.leases`), leaseMs, inTime);
    this.marks = new Marks(database.collection(`${options.collectionName}.marks`), inTime);
  }

  /** Resolves when the indexes are there, without which no job may run. The next call retries a failure. */
  ready(): Promise<void> {
    if (this.indexes && performance.now() - this.lookedAt > this.lookAgainMs)
      this.indexes = this.indexes.then(() => this.look(makeMissing));
    this.indexes ??= this.look(ensureIndexes);
    return this.indexes;
  }

  private async look(ensure: typeof ensureIndexes): Promise<void> {
    this.lookedAt = performance.now();
    try {
      await ensure(this.collection, Math.floor(this.options.collectionTTL ?? 0), this.inTime, this.log);
      await this.leases.ensureIndexes();
    } catch (error) {
      this.indexes = undefined;
      throw error;
    }
  }
}

interface Mark {
  /** The entry's name. */
  _id: string;
  /** All its runs up to here have been dealt with. */
  until: Date;
}

/**
 * Up to when an entry's runs have been dealt with, for entries that make up for missed runs. The history alone can't
 * tell, since its records expire (that of a weekly run after two days).
 */
class Marks {
  constructor(
    private readonly collection: Collection<Mark>,
    private readonly within: Within,
  ) {}

  async move(name: string, until: Date): Promise<void> {
    await this.within(this.collection.updateOne({ _id: name }, { $max: { until } }, { upsert: true }));
  }

  async remove(name: string): Promise<void> {
    await this.within(this.collection.deleteOne({ _id: name }));
  }

  async of(name: string): Promise<Date | undefined> {
    return (await this.within(this.collection.findOne({ _id: name })))?.until;
  }
}
