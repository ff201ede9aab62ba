import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GrowingPause, inSeconds } from '../../timing/growing-pause';
import { parseJson } from '../json-file';
import { becomesFree, isFree } from '../ports';
import { databaseNameOf } from './database-name';
import { hasCrashed, readLease, runningLease, writeLease } from './lease';
import { findMongo } from './mongo-sources';
import { FolderTaken, type Mongod, PortTaken } from './mongod';
import { admin, answers } from './ping';
import { type ReplicaSetOptions, type RunningMongod, startReplicaSet } from './replica-set';
import { SharedDatabase } from './shared-database';

/** Not MongoDB's own 27017, which another MongoDB may have. */
const usualPort = 27117;
const orphanTimeoutMs = 20_000;
/** How long the mongod of a killed run may hold our data, and that of another `npm start` may take to answer. */
const folderTimeoutMs = 60_000;
const askEveryMs = 250;

export interface DevelopmentDatabase {
  url: string;
  /** One line about it for people. */
  about: string;
  /** Stops the mongod, if this process has started it. Resolves when it has ended. */
  stop(): Promise<void>;
  /** Ends it without waiting for anything. */
  kill(): void;
}

const nothingToStop = { stop: async () => {}, kill: () => {} };

/**
 * The database of `npm start`: that of `MONGO_URL`, or of another `npm start` of this checkout, or our own mongod with
 * its data in `local`/mongo-<version>.
 *
 * @param options.alone whether it starts every role, so that there must be no other one.
 * @throws with one clear message where none answers.
 */
export async function developmentDatabase(local: string, { alone = false } = {}): Promise<DevelopmentDatabase> {
  if (alone) await refuseSecond(local);
  const shared = process.env.MONGO_URL ? undefined : await sharedDatabase(local);
  if (shared) return shared;
  const found = await findMongo();
  if ('mongod' in found) {
    if (!existsSync(dataFolder(found.mongod, local))) console.log(`Database: the first start takes ${found.why}`);
    return keptDatabase(found.mongod, local, alone);
  }
  await answers(found.url);
  return { ...nothingToStop, url: found.url, about: "MONGO_URL's" };
}

/**
 * Two of each role on one database would share its tasks, and each would run the code of its last build.
 *
 * @throws one line if another `npm start` of this checkout has a database that this one would share.
 */
export async function refuseSecond(local: string): Promise<void> {
  const lease = process.env.MONGO_URL ? undefined : await runningLease(local);
  if (!lease) return;
  throw new Error(
    `An npm start of this checkout runs already, with pid ${lease.owner}: end it first. Beside it go single roles (--role), or one with a database of its own (MONGO_URL), best from a checkout of its own`,
  );
}

async function sharedDatabase(local: string): Promise<DevelopmentDatabase | undefined> {
  const lease = await runningLease(local);
  return lease && new SharedDatabase(lease, local, () => developmentDatabase(local));
}

/**
 * Our own mongod. If two start at the same moment, one gets the data, and the other shares its database when it
 * answers.
 */
async function keptDatabase(mongod: Mongod, local: string, alone: boolean): Promise<DevelopmentDatabase> {
  const until = Date.now() + folderTimeoutMs;
  for (let tries = 0; ; tries += 1) {
    try {
      return await startKept(mongod, local);
    } catch (error) {
      if (!(error instanceof FolderTaken) || Date.now() > until) throw error;
    }
    if (tries === 0) console.log('Another mongod still has the data: waiting until it ends, or can be shared');
    await new Promise(resolve => setTimeout(resolve, askEveryMs));
    if (alone) await refuseSecond(local);
    const shared = await sharedDatabase(local);
    if (shared) return shared;
  }
}

/** The folder for the data of this mongod's version: other versions can't open it. */
export function dataFolder(mongod: Mongod, local: string): string {
  return join(local, `mongo-${mongod.version.split('.').slice(0, 2).join('.')}`);
}

async function startKept(mongod: Mongod, local: string): Promise<DevelopmentDatabase> {
  const data = dataFolder(mongod, local);
  const remembered = (await readLease(local))?.port ?? usualPort;
  if (await hasCrashed(local)) await forgetCrash(data, local);
  const database = databaseOf(local);
  const running = await startAt(remembered, mongod, { dataFolder: data, database });
  const { port, url } = running;
  await writeLease(local, { owner: process.pid, port, url });
  const kept = new KeptMongod(running, () => startReplicaSet(mongod, { dataFolder: data, port, database }));
  const about = `MongoDB ${mongod.version} on port ${port}, data in ${data}`;
  const stop = async () => {
    await kept.stop();
    await writeLease(local, { port, url });
  };
  return { url, about, stop, kill: () => kept.kill() };
}

/** Its database has the name of the package in this checkout. */
function databaseOf(local: string): string | undefined {
  const path = join(dirname(local), 'package.json');
  if (!existsSync(path)) return undefined;
  const { name } = parseJson(readFileSync(path, 'utf8'), 'package.json') as { name?: string };
  return name && databaseNameOf(name);
}

/** The port of the last start, so that tools find it again; another one if another program has taken it. */
async function startAt(port: number, mongod: Mongod, its: ReplicaSetOptions): Promise<RunningMongod> {
  try {
    if (!(await isFree(port))) throw new PortTaken();
    return await startReplicaSet(mongod, { ...its, port });
  } catch (error) {
    if (!(error instanceof PortTaken)) throw error;
    const running = await startReplicaSet(mongod, its);
    console.log(`Port ${port} is taken by another program: the database moves to port ${running.port}`);
    return running;
  }
}

/**
 * After `kill -9` of an `npm start` its mongod lives on for a moment. If it serves our data, this shuts it down. It
 * prints that before the new mongod starts, so that nobody takes the new one for the orphan.
 */
async function forgetCrash(data: string, local: string): Promise<void> {
  const { port, url } = (await readLease(local))!;
  const until = Date.now() + orphanTimeoutMs;
  while ((await hasCrashed(local)) && !(await isFree(port)) && Date.now() < until) {
    const served = await servedFolder(port);
    if (served === data) await endOrphan(local, port);
    else if (served !== undefined) break; // another program's
    // A mongod that is ending, or coming up, listens for a while without answering.
    await becomesFree(port, askEveryMs);
  }
  if (await hasCrashed(local)) await writeLease(local, { port, url });
}

async function endOrphan(local: string, port: number): Promise<void> {
  if (!(await hasCrashed(local))) return;
  // It closes the connection as it shuts down.
  await admin(port, { shutdown: 1, force: true, timeoutSecs: 1 }).catch(() => {});
}

async function servedFolder(port: number): Promise<string | undefined> {
  const options = await admin(port, { getCmdLineOpts: 1 }).catch(() => undefined);
  return options?.parsed?.storage?.dbPath;
}

/** The roles wait for it: the first retry comes at once, later ones with pauses up to half a minute. */
const pauses = { firstMs: 250, maxMs: 30_000, soundAfterMs: 60_000 };

/** Our own mongod while `npm start` runs: if it dies, this starts it again on the same data, at the same port. */
class KeptMongod {
  private readonly pause = new GrowingPause(pauses);
  private readonly stopping = new AbortController();
  private reviving: Promise<void> = Promise.resolve();

  /** @param startAgain starts another one on the same data, at the same port. */
  constructor(
    private mongod: RunningMongod,
    private readonly startAgain: () => Promise<RunningMongod>,
  ) {
    this.watch();
  }

  /** Resolves when it has ended, even if it was just being started again. Twice is fine. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.reviving;
    await this.mongod.stop();
  }

  kill(): void {
    this.stopping.abort();
    this.mongod.kill();
  }

  private watch(): void {
    const startedAt = performance.now();
    this.mongod.ended.then(how => {
      if (this.stopping.signal.aborted) return;
      console.log(`Database: mongod has ended (${how}): it is started again on the same data`);
      this.reviving = this.revive(this.pause.next(performance.now() - startedAt));
    });
  }

  private async revive(pauseMs: number): Promise<void> {
    await this.mongod.stop(); // the leftovers of the dead one: its watchdog
    await this.wait(pauseMs);
    for (let tries = 1; !this.stopping.signal.aborted; tries += 1) {
      try {
        this.mongod = await this.startAgain();
        if (tries > 1) console.log('Database: mongod is back');
        return this.watch();
      } catch (error) {
        await this.failed(error);
      }
    }
  }

  private async failed(error: unknown): Promise<void> {
    if (this.stopping.signal.aborted) return;
    const pauseMs = this.pause.next(0);
    const reason = error instanceof Error ? error.message : error;
    console.log(`Database: mongod could not be started again (${reason}); the next try is in ${inSeconds(pauseMs)}`);
    await this.wait(pauseMs);
  }

  private async wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.stopping.signal }).catch(() => {}); // stopped: the loop sees it
  }
}
