import { randomBytes } from 'node:crypto';
import { findMongo } from '../../infra/dev/database/mongo-sources';
import { startReplicaSet } from '../../infra/dev/database/replica-set';
import type { TestRun } from './run';

/** One real MongoDB for the whole run: `MONGO_URL`'s, or a throwaway one. Builds are made later, by the first who needs one. */
export default async function globalSetup(): Promise<void> {
  const run: TestRun = { stopDatabase: async () => {} };
  (globalThis as { tandemTestRun?: TestRun }).tandemTestRun = run;
  process.env.TANDEM_TEST_RUN = randomBytes(6).toString('hex');
  process.env.TANDEM_TEST_MONGO_URL = await databaseFor(run);
}

async function databaseFor(run: TestRun): Promise<string> {
  const found = await findMongo();
  if ('url' in found) return found.url;
  const mongod = await startReplicaSet(found.mongod);
  run.stopDatabase = mongod.stop;
  return mongod.url;
}
