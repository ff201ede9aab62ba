import type { Db } from 'mongodb';
import type { Wish } from './app/api';
import { plainTasks, type Ran } from './app/handlers';
import type { SetUpKey } from './figures';
import { now, type Visitor } from './visitor';

/** A task as the database has it, whichever way it took. */
export interface SeenTask {
  ms: number;
  state: string;
  askedAt: number;
  ran?: Ran;
  endedAt?: number;
}

interface StoredTask {
  taskType: string;
  state: string;
  createdAt: Date;
  finishedAt?: Date;
  data: { ms: number; askedAt?: number };
  result?: Ran;
}

const collectionOf = (db: Db, setUp: SetUpKey) =>
  db.collection<StoredTask>(setUp === 'plain' ? plainTasks : 'taskQueue');

/** Whether a task of this type is still to be done, or running. */
export async function isAnyLive(db: Db, setUp: SetUpKey, taskType: string): Promise<boolean> {
  const live = { taskType, state: { $in: ['scheduled', 'queued', 'running'] } };
  return (await collectionOf(db, setUp).findOne(live)) !== null;
}

/** The computing tasks that were asked for since then; those of the schedule count from when they were added. */
export async function readTasks(
  db: Db,
  setUp: SetUpKey,
  since: number,
  until = Number.POSITIVE_INFINITY,
): Promise<SeenTask[]> {
  const stored = await collectionOf(db, setUp).find({ taskType: 'compute' }).toArray();
  return stored
    .map(({ data, state, createdAt, finishedAt, result }) => ({
      ms: data.ms,
      state,
      askedAt: data.askedAt ?? createdAt.getTime(),
      ...(result && { ran: result }),
      ...(finishedAt && { endedAt: finishedAt.getTime() }),
    }))
    .filter(({ askedAt }) => askedAt >= since && askedAt < until);
}

/** Asks for a task that takes so many milliseconds, as often as `count` says. */
export type Ask = (ms: number, count?: number) => Promise<unknown>;

/** How a visitor of the profile's own app does it. */
export const askBy =
  (visitor: Visitor, roundsPerMs: number): Ask =>
  (ms, count = 1) => {
    const data = { ms, rounds: Math.round(ms * roundsPerMs), askedAt: now() };
    return addBy(visitor, Array<Wish>(count).fill({ taskType: 'compute', data }));
  };

export function addBy(visitor: Visitor, wishes: Wish[]): Promise<unknown> {
  return visitor.call('profile.add', wishes);
}

/** Asks for tasks at a steady pace, whatever becomes of them. */
export async function stream(
  ask: Ask,
  kinds: readonly { ms: number; everyMs: number }[],
  forMs: number,
): Promise<void> {
  const timers = kinds.map(({ ms, everyMs }) => setInterval(() => void ask(ms).catch(() => {}), everyMs));
  for (const { ms } of kinds) void ask(ms).catch(() => {});
  await new Promise(resolve => setTimeout(resolve, forMs));
  for (const timer of timers) clearInterval(timer);
}
