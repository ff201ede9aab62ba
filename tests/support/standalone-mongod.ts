import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoInstance } from 'mongodb-memory-server-core';
import { someMongod } from './bare-machine';
import { testPort } from './ports';

/** A mongod without a replica set: no change streams, no transactions. */
export interface StandaloneMongod {
  urlOf(database: string): string;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

export async function startStandaloneMongod(): Promise<StandaloneMongod> {
  const dbPath = await mkdtemp(join(tmpdir(), 'tandem-standalone-'));
  const { path, version } = await someMongod();
  const port = await testPort();
  const mongod = await MongoInstance.create({
    binary: { systemBinary: path, version },
    instance: {
      port,
      dbPath,
      ip: '127.0.0.1',
      storageEngine: 'wiredTiger',
      args: ['--wiredTigerCacheSizeGB', '0.25'],
    },
  });
  return {
    urlOf: database => `mongodb://127.0.0.1:${port}/${database}`,
    async stop() {
      await mongod.stop();
      await rm(dbPath, { recursive: true, force: true });
    },
  };
}
