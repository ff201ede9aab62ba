import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GrowingPause, inSeconds } from '../growing-pause';
import { becomesFree, isFree } from '../ports';
import { hasCrashed, readLease, runningLease, writeLease } from './lease';
import { findMongo } from './mongo-sources';
import { FolderTaken, type Mongod, PortTaken } from './mongod';
import { admin, answers } from './ping';
import { type RunningMongod, startReplicaSet } from './replica-set';

/** Not MongoDB's own 27017, which somebody else's may have. */
const usualPort = 27117;
const orphanTimeoutMs = 20_000;
/** How long the mongod of a killed run may hold our data, or that of another `npm start` may take until it answers. */
const folderTimeoutMs = 60_000;
const askEveryMs = 250;

export interface DevelopmentDatabase {
  url: string;
  /** What a person should know of it, in one line. */
  about: string;
  /** Ends the mongod, if this process has started it. Resolves when it has ended. */
  stop(): Promise<void>;
  /** Ends it without waiting for anything. */
  kill(): void;
}

const nothingToStop = { stop: async () => {}, kill: () => {} };

/**
 * The database of `npm start`: `MONGO_URL`'s, or that of another `npm start` of this checkout, or our own mongod with
 * its data in `local`/mongo-<version>.
 *
 * @throws with one clear message where none answers.
 */
export async function developmentDatabase(local: string): Promise<DevelopmentDatabase> {
  const shared = process.env.MONGO_URL ? undefined : await sharedDatabase(local);
  if (shared) return shared;
  const found = await findMongo();
  if ('mongod' in found) return keptDatabase(found.mongod, local);
  await answers(found.url);
  return { ...nothingToStop, url: found.url, about: "MONGO_URL's" };
}

async function sharedDatabase(local: string): Promise<DevelopmentDatabase | undefined> {
  const lease = await runningLease(local);
  return lease && { ...nothingToStop, url: lease.url, about: `of the npm start with pid ${lease.owner}, ends with it` };
}

/** Our own mongod; of two starts at the same moment one has the data, and the other one shares it once it answers. */
async function keptDatabase(mongod: Mongod, local: string): Promise<DevelopmentDatabase> {
  const until = Date.now() + folderTimeoutMs;
  for (let tries = 0; ; tries += 1) {
    try {
      return await startKept(mongod, local);
    } catch (error) {
      if (!(error instanceof FolderTaken) || Date.now() > until) throw error;
    }
    if (tries === 0) console.log('Another mongod still has the data: waiting until it ends, or can be shared');
    await new Promise(resolve => setTimeout(resolve, askEveryMs));
    const shared = await sharedDatabase(local);
    if (shared) return shared;
  }
}

/** Where data of this mongod stays: one version's files don't open in another. */
export function dataFolder(mongod: Mongod, local: string): string {
  return join(local, `mongo-${mongod.version.split('.').slice(0, 2).join('.')}`);
}

async function startKept(mongod: Mongod, local: string): Promise<DevelopmentDatabase> {
  const data = dataFolder(mongod, local);
  const remembered = (await readLease(local))?.port ?? usualPort;
  if (await hasCrashed(local)) await forgetCrash(data, local);
  const running = await startAt(remembered, mongod, data);
  const { port, url } = running;
  await writeLease(local, { owner: process.pid, port, url });
  const kept = new KeptMongod(running, () => startReplicaSet(mongod, { dataFolder: data, port }));
  const about = `MongoDB ${mongod.version} on port ${port}, data in ${data}`;
  const stop = async () => {
    await kept.stop();
    await writeLease(local, { port, url });
  };
  return { url, about, stop, kill: () => kept.kill() };
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

/**
 * After `kill -9` of an `npm start` its mongod lives on for a moment: if it serves our data, it is told to end now. The
 * start that has seen to that says so before it starts its own, so that nobody takes that one for the orphan.
 */
async function forgetCrash(data: string, local: string): Promise<void> {
  const { port, url } = (await readLease(local))!;
  const until = Date.now() + orphanTimeoutMs;
  while ((await hasCrashed(local)) && !(await isFree(port)) && Date.now() < until) {
    const served = await servedFolder(port);
    if (served === data) await endOrphan(local, port);
    else if (served !== undefined) break; // a stranger's
    // One that is ending, or coming up, listens for a while without an answer.
    await becomesFree(port, askEveryMs);
  }
  if (await hasCrashed(local)) await writeLease(local, { port, url });
}

async function endOrphan(local: string, port: number): Promise<void> {
  if (!(await hasCrashed(local))) return;
  await admin(port, { shutdown: 1, force: true, timeoutSecs: 1 }).catch(() => {}); // it hangs up while it obeys
}

async function servedFolder(port: number): Promise<string | undefined> {
  const options = await admin(port, { getCmdLineOpts: 1 }).catch(() => undefined);
  return options?.parsed?.storage?.dbPath;
}

/** The roles wait for it: a first try follows at once, and one that keeps failing is tried every half minute. */
const pauses = { firstMs: 250, maxMs: 30_000, soundAfterMs: 60_000 };

/** Our own mongod while `npm start` runs: one that dies is started again on the same data, at the same port. */
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

  /** Resolves when it has ended, also where it was just being started again. Twice is fine. */
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
    await this.mongod.stop(); // what the dead one has left: its watchdog
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
