import { randomBytes } from 'node:crypto';
import { type Db, MongoClient } from 'mongodb';
import { clientOptions } from '../../infra/database';
import { ofThisRun } from './run';

export interface TestDatabase {
  /** Names the fresh database, for a role or a second client. */
  url: string;
  db: Db;
  client: MongoClient;
  /** Removes the database and closes the client. Twice is fine. */
  drop(): Promise<void>;
}

/** A fresh, empty database on the run's one MongoDB, by a client as the product's. Call `drop` in `afterAll`. */
export async function testDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const url = withDatabase(ofThisRun('TANDEM_TEST_MONGO_URL'), name);
  const client = await new MongoClient(url, clientOptions(url, 'tests')).connect();
  const db = client.db(name);
  const drop = once(async () => {
    await db.dropDatabase();
    await client.close();
  });
  return { url, db, client, drop };
}

/** The same server and options, another database. Lists of hosts are no URLs to `new URL`, so the text is cut. */
export function withDatabase(url: string, name: string): string {
  const [, server, options = ''] = /^([a-z+]+:\/\/[^/?]+)[^?]*(\?.*)?$/.exec(url) ?? [];
  if (!server) throw new Error(`not the address of a MongoDB: ${url}`);
  return `${server}/${name}${options}`;
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= action();
    return done;
  };
}
