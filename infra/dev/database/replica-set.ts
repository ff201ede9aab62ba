import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient, MongoServerError } from 'mongodb';
import { MongoInstance } from 'mongodb-memory-server-core';
import { freePort } from '../ports';
import type { Mongod } from './mongod';

const host = '127.0.0.1';
const setName = 'tandem';
/** The least that WiredTiger takes: a developer's machine has other things to remember. */
const cacheSizeGB = 0.25;
/** How long the mongod of a killed run may take to let go of its data folder. */
const unlockTimeoutMs = 30_000;
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

/** Somebody was quicker: the port that was asked for is another program's now. */
export class PortTaken extends Error {}

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
 * @throws PortTaken where `port` is given and not free
 */
export async function startReplicaSet(
  mongod: Mongod,
  { dataFolder, port }: ReplicaSetOptions = {},
): Promise<RunningMongod> {
  const data = dataFolder ?? (await mkdtemp(join(tmpdir(), 'tandem-mongo-')));
  await mkdir(data, { recursive: true });
  const { instance, port: chosenPort } = port
    ? { instance: await launchWhenUnlocked(mongod, data, port), port }
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
      return { instance: await launchWhenUnlocked(mongod, data, port), port };
    } catch (error) {
      if (!(error instanceof PortTaken)) throw error;
    }
  }
}

/** After `kill -9` the old mongod may hold the folder for a moment still: it is ending, so we wait for it. */
async function launchWhenUnlocked(mongod: Mongod, data: string, port: number): Promise<MongoInstance> {
  const until = Date.now() + unlockTimeoutMs;
  for (;;) {
    try {
      return await launch(mongod, data, port);
    } catch (error) {
      if (!/DBPathInUse/.test(String(error))) throw error;
      if (Date.now() > until) throw new Error(`Another mongod holds ${data}: end it first`, { cause: error });
      await new Promise(resolve => setTimeout(resolve, 250));
    }
  }
}

async function launch(mongod: Mongod, dbPath: string, port: number): Promise<MongoInstance> {
  const instance = new MongoInstance({
    binary: { systemBinary: mongod.path, version: mongod.version },
    instance: {
      port,
      dbPath,
      ip: host,
      storageEngine: 'wiredTiger',
      launchTimeout: 60_000,
      // Told so and not by the library's option: with that it ends a mongod by a command to its port, which may be
      // the port of another mongod when ours could not have it. Without, it sends a signal to ours.
      args: ['--replSet', setName, '--wiredTigerCacheSizeGB', String(cacheSizeGB)],
    },
    spawn: { detached: true },
  });
  try {
    await instance.start();
    return instance;
  } catch (error) {
    await instance.stop();
    if (/already in use/.test(String(error))) throw new PortTaken(`Port ${port} is in use`, { cause: error });
    throw error;
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
