import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Db, MongoClient, MongoServerError } from 'mongodb';
import type { MongoInstance } from 'mongodb-memory-server-core';
import { freePort } from '../ports';
import { howItEnded } from '../process-tree';
import { host, launch, type Mongod, PortTaken, setName } from './mongod';

export interface RunningMongod {
  /** Names a database of the replica set. */
  url: string;
  port: number;
  pid: number;
  /** Resolves with a description of the end when the process has ended, for whatever reason. */
  ended: Promise<string>;
  /** Resolves when the process has ended, and its throwaway data is gone. Twice is fine. */
  stop(): Promise<void>;
  /** Ends it at once, like a loss of power: the journal keeps what was acknowledged. */
  kill(): void;
}

export interface ReplicaSetOptions {
  /** The folder of the data. Without it `stop` deletes the data. */
  dataFolder?: string;
  /** Default: any free port. */
  port?: number;
  /** The name of the database. */
  database?: string;
}

/**
 * Starts `mongod` as a replica set of one on loopback, and waits until it takes writes. It runs in a process group of
 * its own, so that a terminal's Ctrl-C does not reach it, and it ends with this process, however this one ends.
 *
 * @throws PortTaken if `port` is given and not free, FolderTaken if another mongod has the data
 */
export async function startReplicaSet(
  mongod: Mongod,
  { dataFolder, port, database = 'tandem' }: ReplicaSetOptions = {},
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
  const { pid } = instance.mongodProcess!;
  const ended = endOf(instance);
  try {
    await becomePrimary(chosenPort, ended);
  } catch (error) {
    await stop();
    throw error;
  }
  const kill = () => {
    instance.mongodProcess?.kill('SIGKILL');
    instance.killerProcess?.kill('SIGKILL');
  };
  const url = `mongodb://${host}:${chosenPort}/${database}?replicaSet=${setName}`;
  return { url, port: chosenPort, pid: pid!, ended, stop, kill };
}

function endOf({ mongodProcess }: MongoInstance): Promise<string> {
  const { exitCode, signalCode } = mongodProcess!;
  if (exitCode !== null || signalCode !== null) return Promise.resolve(howItEnded(exitCode, signalCode));
  return new Promise(resolve => mongodProcess!.once('exit', (...how) => resolve(howItEnded(...how))));
}

/** Another program may have taken a port that was free a moment ago: then tries another one. */
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

const alreadyInitialized = 23;
const timeoutMs = 60_000;
const tryAgainAfterMs = 50;
/** No command may wait for ever for a silent mongod. */
const commandTimeouts = { serverSelectionTimeoutMS: 5_000, connectTimeoutMS: 5_000, socketTimeoutMS: 10_000 };

/**
 * Makes the mongod at `port` the primary of its replica set of one. While a mongod comes up, it sometimes closes
 * connections and refuses commands: this asks again until it is up, has ended, or the time is over.
 *
 * @param ended resolves with a description when the mongod has ended.
 * @throws with the last reason.
 */
export async function becomePrimary(port: number, ended: Promise<string>): Promise<void> {
  const client = new MongoClient(`mongodb://${host}:${port}/?directConnection=true`, commandTimeouts);
  const over = new AbortController();
  const end = ended.then(how => {
    over.abort();
    throw new Error(`mongod ended while it came up (${how})`);
  });
  try {
    await Promise.race([end, untilPrimary(client.db('admin'), `${host}:${port}`, over.signal)]);
  } finally {
    over.abort();
    end.catch(() => {}); // a later end does not matter here
    await client.close();
  }
}

async function untilPrimary(admin: Db, address: string, over: AbortSignal): Promise<void> {
  const until = Date.now() + timeoutMs;
  let configured = false;
  let reason: unknown;
  while (!over.aborted) {
    try {
      if (!configured) await configure(admin, address);
      configured = true;
      if (await isPrimary(admin)) return;
    } catch (error) {
      reason = error;
    }
    if (Date.now() > until) throw notInTime(reason);
    await new Promise(resolve => setTimeout(resolve, tryAgainAfterMs));
  }
}

function notInTime(cause: unknown): Error {
  const reason = cause instanceof Error ? `: ${cause.message}` : '';
  return new Error(`mongod did not become primary of its replica set within ${timeoutMs / 1000} s${reason}`, { cause });
}

const isPrimary = async (admin: Db): Promise<boolean> => (await admin.command({ hello: 1 })).isWritablePrimary;

/** Kept data holds the port of its last mongod, and every client would wait for that one. This sets the new port. */
async function configure(admin: Db, address: string): Promise<void> {
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
