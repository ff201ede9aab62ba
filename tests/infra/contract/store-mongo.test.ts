import { MongoStore } from '../../../infra/queue/store/mongo-store';
import { type TestDatabase, testDatabase } from '../../support/database';
import { describeStore } from './store-contract';

let database: Promise<TestDatabase> | undefined;
let opened = 0;

async function open(): Promise<MongoStore> {
  database ??= testDatabase();
  const store = new MongoStore((await database).db, `taskQueue${opened++}`);
  await store.ensureIndexes();
  return store;
}

describeStore('MongoStore', open, async () => (await database)?.drop());
