import { onFailureOf, thenOf } from '../model/batch';
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

/**
 * Looks at some of the batches that have not ended: those whose creator has are sealed, and all are judged.
 *
 * @param from the last that was looked at; '' begins with the first.
 */
export async function judgeSomeBatches(deps: BatchDeps, from: string): Promise<{ ended: number; next: string }> {
  const some = await deps.batches.notEnded(from, atOnce);
  const open = some.filter(({ state, createdBy }) => state === 'open' && createdBy !== undefined);
  if (open.length > 0) {
    const states = await statesOf(
      deps.store.collection,
      open.map(({ createdBy }) => createdBy as string),
    );
    const isOver = (id: string) => !states.has(id) || !isLive({ state: states.get(id)! });
    const over = open.flatMap(({ createdBy }) => (isOver(createdBy!) ? [createdBy!] : []));
    await deps.batches.seal({ createdBy: { $in: over } });
  }
  let ended = 0;
  for (const { _id } of some) if (await judgeBatch(deps, _id)) ended++;
  return { ended, next: some.length < atOnce ? '' : (some.at(-1)?._id as string) };
}
