import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient, MongoServerError } from 'mongodb';
import type { MongoInstance } from 'mongodb-memory-server-core';
import { freePort } from '../ports';
import type { Mongod } from './mongod';
import { host, launch, PortTaken, setName } from './mongod-instance';

const alreadyInitialized = 23;

export interface RunningMongod {
  /** Names the database `tandem` of the replica set. */
  url: string;
  port: number;
  pid: number;
  /** Resolves when the process has ended, and its throwaway data is gone. Twice is fine. */
  stop(): Promise<void>;
  /** Ends it at once, like a loss of power: the journal keeps what was acknowledged. */
  kill(): void;
}

export interface ReplicaSetOptions {
  /** Where the data stays. Without it the data is thrown away at `stop`. */
  dataFolder?: string;
  /** Without it any free port. */
  port?: number;
}

/**
 * Starts `mongod` as a replica set of one on loopback, and waits until it takes writes. It runs in a process group of
 * its own, so that a terminal's Ctrl-C does not reach it, and it ends with this process, however this one ends.
 *
 * @throws PortTaken where `port` is given and not free, FolderTaken where another mongod has the data
 */
export async function startReplicaSet(
  mongod: Mongod,
  { dataFolder, port }: ReplicaSetOptions = {},
): Promise<RunningMongod> {
  const data = dataFolder ?? (await mkdtemp(join(tmpdir(), 'tandem-mongo-')));
  await mkdir(data, { recursive: true });
  const { instance, port: chosenPort } = port
    ? { instance: await launch(mongod, data, port), port }
    : await launchAnywhere(mongod, data);
  const stop = async () => {
    await instance.stop();
    if (!dataFolder) await rm(data, { recursive: true, force: true });
  };
  try {
    await becomePrimary(chosenPort);
  } catch (error) {
    await stop();
    throw error;
  }
  const kill = () => {
    instance.mongodProcess?.kill('SIGKILL');
    instance.killerProcess?.kill('SIGKILL');
  };
  const url = `mongodb://${host}:${chosenPort}/tandem?replicaSet=${setName}`;
  return { url, port: chosenPort, pid: instance.mongodProcess!.pid!, stop, kill };
}

/** A port that was free a moment ago may be somebody else's by now: then another one. */
async function launchAnywhere(mongod: Mongod, data: string): Promise<{ instance: MongoInstance; port: number }> {
  for (;;) {
    const port = await freePort();
    try {
      return { instance: await launch(mongod, data, port), port };
    } catch (error) {
      if (!(error instanceof PortTaken)) throw error;
    }
  }
}

async function becomePrimary(port: number): Promise<void> {
  const client = new MongoClient(`mongodb://${host}:${port}/?directConnection=true`);
  try {
    await configure(client, `${host}:${port}`);
    await primary(client);
  } finally {
    await client.close();
  }
}

/** Kept data remembers the port it was served on; every client would wait for that one, so the set is told the new one. */
async function configure(client: MongoClient, address: string): Promise<void> {
  const admin = client.db('admin');
  try {
    await admin.command({ replSetInitiate: { _id: setName, members: [{ _id: 0, host: address }] } });
  } catch (error) {
    if (!(error instanceof MongoServerError) || error.code !== alreadyInitialized) throw error;
    const { config } = await admin.command({ replSetGetConfig: 1 });
    if (config.members[0].host === address) return;
    config.members[0].host = address;
    config.version += 1;
    await admin.command({ replSetReconfig: config, force: true });
  }
}

async function primary(client: MongoClient): Promise<void> {
  const until = Date.now() + 30_000;
  while (!(await client.db('admin').command({ hello: 1 })).isWritablePrimary) {
    if (Date.now() > until) throw new Error('mongod did not become primary of its replica set within 30 s');
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}
