import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MongoInstance } from 'mongodb-memory-server-core';
import { freePort } from '../ports';
import { howItEnded } from '../process-tree';
import { becomePrimary } from './become-primary';
import type { Mongod } from './mongod';
import { host, launch, PortTaken, setName } from './mongod-instance';

export interface RunningMongod {
  /** Names the database `tandem` of the replica set. */
  url: string;
  port: number;
  pid: number;
  /** Resolves when the process has ended, for whatever reason, with how. */
  ended: Promise<string>;
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
  const url = `mongodb://${host}:${chosenPort}/tandem?replicaSet=${setName}`;
  return { url, port: chosenPort, pid: pid!, ended, stop, kill };
}

function endOf({ mongodProcess }: MongoInstance): Promise<string> {
  const { exitCode, signalCode } = mongodProcess!;
  if (exitCode !== null || signalCode !== null) return Promise.resolve(howItEnded(exitCode, signalCode));
  return new Promise(resolve => mongodProcess!.once('exit', (...how) => resolve(howItEnded(...how))));
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
