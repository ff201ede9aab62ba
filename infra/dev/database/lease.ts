import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from '../process-tree';
import { answers } from './ping';

/** The note of one `npm start` for others of the same checkout: where its database is, and whether it still runs. */
export interface Lease {
  /** The process that runs it; absent after a clean end. */
  owner?: number;
  port: number;
  url: string;
}

/** Whether the last `npm start` of this checkout ended without cleaning up: its processes are ending right now. */
export async function hasCrashed(local: string): Promise<boolean> {
  const owner = (await readLease(local))?.owner;
  return owner !== undefined && !isAlive(owner);
}

/** How long the database of a running `npm start` may be away: that `npm start` restarts it if it has died. */
const revivalMs = 5_000;

/** The lease of an `npm start` that is alive now. */
export async function runningLease(local: string): Promise<Lease | undefined> {
  const lease = await readLease(local);
  if (!lease?.owner || !isAlive(lease.owner)) return undefined;
  return answers(lease.url, revivalMs).then(
    () => lease,
    () => undefined,
  );
}

const leaseFile = (local: string) => join(local, 'database.json');

export async function readLease(local: string): Promise<Lease | undefined> {
  try {
    return JSON.parse(await readFile(leaseFile(local), 'utf8'));
  } catch {
    return undefined; // none yet
  }
}

/** Writes it in one step, so that nobody reads half of it. */
export async function writeLease(local: string, lease: Lease): Promise<void> {
  await mkdir(local, { recursive: true });
  const draft = `${leaseFile(local)}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(lease, null, 2)}\n`);
  await rename(draft, leaseFile(local));
}
