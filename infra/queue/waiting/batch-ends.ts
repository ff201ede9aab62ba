import type { Collection } from 'mongodb';
import { timeOf } from '../../catalog';
import { type BatchRecord, onFailureOf, thenOf } from '../model/batch';
import { isLive, type Task } from '../model/task';
import { type Batches, hasLiveMember, tallyOf } from '../store/batches';
import { goOn, statesOf } from '../store/mongo-successors';
import { admit } from './slots';
import type { SuccessorDeps } from './successors';

export interface BatchDeps extends SuccessorDeps {
  readonly batches: Batches;
}

/** The record of a batch is kept as long as failed tasks are by default. */
const keptMs = 30 * 24 * 60 * 60 * 1_000;

/**
 * Asks whether a batch has ended, and lets in what comes after it. Whatever crashes in the middle, the same can be asked
 * again: what comes after it has been there from the beginning, and is let in before the batch is marked as ended.
 *
 * @returns whether it has ended by this.
 */
export async function judgeBatch(deps: BatchDeps, batchId: string): Promise<boolean> {
  const { batches, store, clock, emit } = deps;
  const now = clock.now();
  const batch = await batches.findSealed(batchId, now);
  if (!batch || (await hasLiveMember(store.collection, batchId))) return false;
  // Who cancels it ends what comes after it, too: nothing of that may go on in between.
  if (batch.cancelRequested && (await hasFollower(store.collection, batchId))) return false;
  const { there, ...tally } = await tallyOf(store.collection, batchId);
  const added = Math.max(batch.added, there);
  // Those that are not there any more were done: retention keeps what has failed for longer.
  const counts = { ...tally, added, done: added - tally.failed - tally.cancelled };
  const ids = [thenOf(batchId), ...(counts.failed > 0 ? [onFailureOf(batchId)] : [])];
  await goOn(store.collection, { afterBatch: batchId, waitsFor: 'batch', _id: { $in: ids } }, now);
  await admitThese(deps, ids);
  // Nobody needs it: it leaves no trace.
  await store.collection.deleteOne({ _id: onFailureOf(batchId), state: 'waiting', waitsFor: 'batch' });
  const end = { ...counts, endedAt: now, expiresAt: new Date(now.getTime() + keptMs) };
  const isEnded = await batches.end(batchId, end);
  if (isEnded) emit('batch.ended', { batchId, name: batch.name, ...counts });
  return isEnded;
}

async function hasFollower(collection: Collection<Task>, afterBatch: string): Promise<boolean> {
  return (await collection.findOne({ afterBatch, waitsFor: 'batch' }, { projection: { _id: 1 } })) !== null;
}

/** Of a type with a limit they wait for a slot now. */
async function admitThese(deps: BatchDeps, ids: readonly string[]): Promise<void> {
  const inLine = await deps.store.collection
    .find({ _id: { $in: [...ids] }, waitsFor: 'slot' })
    .project<Pick<Task, 'limitKey'>>({ limitKey: 1 })
    .toArray();
  await admit(deps, [...new Set(inLine.flatMap(({ limitKey }) => limitKey ?? []))]);
}

/** One look of the sweep. */
const atOnce = 50;
/** Whoever asked for it was told that it failed, or died, and has not come back for it. */
const abandonedMs = 10 * 60_000;

/** What a look at some batches has found. */
export interface SomeBatches {
  /** They may have ended: each is to be judged. */
  ids: string[];
  /** Where to go on, '' at the end. */
  next: string;
  /** They will never be whole: what has been added of them is to be cancelled, and nothing comes after them. */
  abandoned: string[];
  /** Their cancel may have broken off in the middle. */
  cancelling: string[];
}

/**
 * Looks at some of the batches that have not ended: those whose creator has are sealed.
 *
 * @param from the last that was looked at; '' begins with the first.
 */
export async function findSomeBatches(deps: BatchDeps, from: string): Promise<SomeBatches> {
  const some = await deps.batches.notEnded(from, atOnce);
  await sealWithoutCreator(deps, some);
  const before = deps.clock.now().getTime() - abandonedMs;
  const idsOf = (isIt: (batch: BatchRecord) => boolean) => some.filter(isIt).map(({ _id }) => _id);
  return {
    ids: idsOf(() => true),
    next: some.length < atOnce ? '' : (some.at(-1)?._id as string),
    abandoned: idsOf(({ makingUntil }) => timeOf(makingUntil) <= before),
    cancelling: idsOf(({ cancelRequested }) => cancelRequested === true),
  };
}

async function sealWithoutCreator({ batches, store }: BatchDeps, some: readonly BatchRecord[]): Promise<void> {
  const creators = some.flatMap(({ state, createdBy }) =>
    state === 'open' && typeof createdBy === 'string' ? [createdBy] : [],
  );
  if (creators.length === 0) return;
  const states = await statesOf(store.collection, creators);
  const isOver = (id: string) => !states.has(id) || !isLive({ state: states.get(id)! });
  await batches.seal({ createdBy: { $in: creators.filter(isOver) } });
}
