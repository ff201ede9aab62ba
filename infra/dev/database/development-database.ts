import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { becomesFree, isFree } from '../ports';
import { isAlive } from '../process-tree';
import type { Mongod } from './mongod';
import { admin, answers } from './ping';
import { PortTaken, type RunningMongod, startReplicaSet } from './replica-set';
import { findMongo } from './ways';

/** Not MongoDB's own 27017, which somebody else's may have. */
const usualPort = 27117;
const orphanTimeoutMs = 15_000;

export interface DevelopmentDatabase {
  url: string;
  /** What a person should know of it, in one line. */
  about: string;
  /** Ends the mongod, if this process has started it. Resolves when it has ended. */
  stop(): Promise<void>;
  /** Ends it without waiting for anything. */
  kill(): void;
}

/** What one `npm start` leaves for others of the same checkout: where its database is, and whether it still runs. */
interface Lease {
  /** The process that runs it; not there after a clean end. */
  owner?: number;
  port: number;
  url: string;
}

const nothingToStop = { stop: async () => {}, kill: () => {} };

/**
 * The database of `npm start`: `MONGO_URL`'s, or that of another `npm start` of this checkout, or our own mongod with
 * its data in `local`/mongo-<version>.
 *
 * @throws with one clear message where none answers.
 */
export async function developmentDatabase(local: string): Promise<DevelopmentDatabase> {
  if (!process.env.MONGO_URL) {
    const lease = await runningLease(local);
    if (lease)
      return { ...nothingToStop, url: lease.url, about: `of the npm start with pid ${lease.owner}, ends with it` };
  }
  const found = await findMongo();
  if ('mongod' in found) return startKept(found.mongod, local);
  await answers(found.url);
  return { ...nothingToStop, url: found.url, about: "MONGO_URL's" };
}

/** Where data of this mongod stays: one version's files don't open in another. */
export function dataFolder(mongod: Mongod, local: string): string {
  return join(local, `mongo-${mongod.version.split('.').slice(0, 2).join('.')}`);
}

/** Whether the last `npm start` of this checkout ended without cleaning up: what it had started is ending just now. */
export async function hasCrashed(local: string): Promise<boolean> {
  const owner = (await readLease(local))?.owner;
  return owner !== undefined && !isAlive(owner);
}

/** The lease of an `npm start` that is alive now. */
export async function runningLease(local: string): Promise<Lease | undefined> {
  const lease = await readLease(local);
  if (!lease?.owner || !isAlive(lease.owner)) return undefined;
  return answers(lease.url, 1_000).then(
    () => lease,
    () => undefined,
  );
}

async function startKept(mongod: Mongod, local: string): Promise<DevelopmentDatabase> {
  const data = dataFolder(mongod, local);
  const remembered = (await readLease(local))?.port ?? usualPort;
  await endOrphan(data, remembered);
  const running = await startAt(remembered, mongod, data);
  const { port, url } = running;
  await writeLease(local, { owner: process.pid, port, url });
  const about = `MongoDB ${mongod.version} on port ${port}, data in ${data}`;
  const stop = async () => {
    await running.stop();
    await writeLease(local, { port, url });
  };
  return { url, about, stop, kill: running.kill };
}

/** The remembered port, so that tools find it again; another one where a stranger has taken it. */
async function startAt(port: number, mongod: Mongod, data: string): Promise<RunningMongod> {
  try {
    if (!(await isFree(port))) throw new PortTaken();
    return await startReplicaSet(mongod, { dataFolder: data, port });
  } catch (error) {
    if (!(error instanceof PortTaken)) throw error;
    const running = await startReplicaSet(mongod, { dataFolder: data });
    console.log(`Port ${port} is taken by another program: the database moves to port ${running.port}`);
    return running;
  }
}

/** After `kill -9` of an `npm start` its mongod lives on for a moment: if it serves our data, it is told to end now. */
async function endOrphan(data: string, port: number): Promise<void> {
  if ((await isFree(port)) || (await servedFolder(port)) !== data) return;
  await admin(port, { shutdown: 1, force: true, timeoutSecs: 1 }).catch(() => {}); // it hangs up while it obeys
  await becomesFree(port, orphanTimeoutMs);
}

async function servedFolder(port: number): Promise<string | undefined> {
  const options = await admin(port, { getCmdLineOpts: 1 }).catch(() => undefined);
  return options?.parsed?.storage?.dbPath;
}

const leaseFile = (local: string) => join(local, 'database.json');

async function readLease(local: string): Promise<Lease | undefined> {
  try {
    return JSON.parse(await readFile(leaseFile(local), 'utf8'));
  } catch {
    return undefined; // none yet
  }
}

async function writeLease(local: string, lease: Lease): Promise<void> {
  await mkdir(local, { recursive: true });
  const draft = `${leaseFile(local)}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(lease, null, 2)}\n`);
  await rename(draft, leaseFile(local));
}
