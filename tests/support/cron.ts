import { Collection } from '../../infra/node-host/mongo/collection';
import { mongoClient } from '../../infra/node-host/mongo/connection';
import { type Clock, systemClock } from '../../packages/synced-cron/clock';
import { Cron } from '../../packages/synced-cron/cron';
import type { LogEntry, LogEvent } from '../../packages/synced-cron/log';
import type { Options } from '../../packages/synced-cron/options';
import type { HistoryCollection, HistoryRecord } from '../../packages/synced-cron/store/history';
import type { Lease } from '../../packages/synced-cron/store/leases';
import { type TestDatabase, testDatabase } from './database';

/** Crons on one database, each like a process of its own, with Meteor's collections as the Node host has them. */
export class Crons {
  private readonly collections = new Map<string, Collection>();
  private readonly crons: Cron[] = [];
  readonly said: (LogEntry & { about: LogEvent })[] = [];
  /** Set: no cron reaches the history. */
  away: Error | undefined;
  /** So many calls to the history are never answered. */
  unanswered = 0;

  private constructor(readonly database: TestDatabase) {}

  static async open(): Promise<Crons> {
    const database = await testDatabase();
    process.env.MONGO_URL = database.url;
    return new Crons(database);
  }

  /** One more cron. Its leases outlast any pause of a loaded machine: tests that need one to end bring a shorter one. */
  add(options: Partial<Options> = {}, clock: Clock = systemClock): Cron {
    const collection = (name: string) => this.withOutages(this.collection(name)) as unknown as HistoryCollection;
    const cron = new Cron({ clock, startup: callback => callback(), collection });
    cron.config({
      utc: true,
      leaseSeconds: 30,
      logger: (entry, about) => this.said.push({ ...entry, about }),
      ...options,
    });
    this.crons.push(cron);
    return cron;
  }

  messages(): string[] {
    return this.said.map(({ message }) => message.split('\n')[0]!);
  }

  history(name: string): Promise<HistoryRecord[]> {
    return this.records().find({ name }).sort({ intendedAt: 1 }).toArray();
  }

  records() {
    return this.database.db.collection<HistoryRecord>('cronHistory');
  }

  leases() {
    return this.database.db.collection<Lease>('cronHistory.leases');
  }

  /** Between tests: nothing runs, nothing is remembered. */
  async clear(): Promise<void> {
    await Promise.all(this.crons.splice(0).map(cron => cron.stop()));
    this.said.length = 0;
    this.away = undefined;
    for (const name of ['cronHistory', 'cronHistory.leases', 'cronHistory.marks']) {
      await this.database.db.collection(name).deleteMany({});
    }
  }

  async close(): Promise<void> {
    await this.clear();
    await mongoClient().close();
    await this.database.drop();
  }

  private withOutages<T extends object>(collection: T): T {
    const get = (target: T, key: keyof T) => {
      // What is not asked of the database answers without it.
      if (key === 'rawCollection') return () => this.withOutages((target as Collection).rawCollection());
      if (key === 'rawDatabase') return () => (target as Collection).rawDatabase();
      if (this.unanswered > 0) return () => new Promise(() => this.unanswered--);
      return this.away ? () => Promise.reject(this.away) : target[key];
    };
    return new Proxy(collection, { get: get as ProxyHandler<T>['get'] });
  }

  private collection(name: string): Collection {
    const known = this.collections.get(name) ?? new Collection(name, { defineMutationMethods: false });
    this.collections.set(name, known);
    return known;
  }
}
