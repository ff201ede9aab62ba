import type { EventEmitter } from 'node:events';
import type { Db, MongoClient } from 'mongodb';
import type { FileStore } from '../../database';

/**
 * The worker's one connection to the database, shared by its tasks. The driver is loaded and connects when a handler
 * first asks: a worker whose tasks only compute never pays for it.
 */
export class WorkerDatabase {
  private client: MongoClient | undefined;
  private store: FileStore | undefined;

  constructor(
    private readonly url: string | undefined,
    private readonly appName: string,
  ) {}

  /** @throws where the pool was given no database. */
  get db(): Db {
    return this.open().db();
  }

  /** @throws where the pool was given no database. */
  get files(): FileStore {
    if (!this.store) {
      const { FileStore } = require('../../database') as typeof import('../../database');
      this.store = new FileStore(this.db);
    }
    return this.store;
  }

  private open(): MongoClient {
    if (this.client) return this.client;
    if (!this.url) throw new Error('context.db: this pool was given no databaseUrl, so its tasks have no database');
    const { clientOptions } = require('../../database') as typeof import('../../database');
    const { MongoClient } = mendedDriver();
    // By itself the driver connects with the first operation, which is what makes a getter possible.
    this.client = new MongoClient(this.url, { ...clientOptions(this.url, this.appName), maxPoolSize: 10 });
    return this.client;
  }
}

let mended: typeof import('mongodb') | undefined;

function mendedDriver(): typeof import('mongodb') {
  if (mended) return mended;
  endWritesOfClosedConnections(require('mongodb/lib/cmap/connection').Connection);
  mended = require('mongodb') as typeof import('mongodb');
  return mended;
}

/** The part of the driver's connection that this file uses; the driver does not publish it. */
interface Connection extends EventEmitter {
  error: Error | null;
  writeCommand(...input: unknown[]): Promise<void>;
}

/**
 * The driver (7.9) waits after a large write for the socket's `drain`, which an `error` ends, but a plain `close` does
 * not: the call would wait for ever. Handlers get no time limit as roles have it: their calls may take long.
 */
function endWritesOfClosedConnections(of: { prototype: Connection }): void {
  const { writeCommand } = of.prototype;
  of.prototype.writeCommand = async function (...input) {
    let stop = () => {};
    const closed = new Promise<never>((_, reject) => {
      const onClose = () => reject(this.error ?? new Error('the connection to the database closed during a write'));
      this.once('close', onClose);
      stop = () => this.off('close', onClose);
    });
    await Promise.race([writeCommand.apply(this, input), closed]).finally(stop);
  };
}
