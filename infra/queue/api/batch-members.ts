import { InvalidTaskError } from '../model/errors';
import { currentTask } from '../model/within-task';
import type { Inserted, Insertion } from '../store/task-store';
import { cancelAll } from './cancel-tasks';
import type { QueueCore } from './queue-core';

/**
 * Inserts tasks of which some belong to a batch: as long as they are being added, it does not end.
 *
 * @throws InvalidTaskError where a batch takes no members any more; then none is added.
 */
export async function insertMembers(
  core: QueueCore,
  insertions: readonly Insertion[],
  insert: () => Promise<Inserted[]>,
): Promise<Inserted[]> {
  const ids = [...new Set(insertions.flatMap(({ task }) => task.batch ?? []))];
  if (ids.length === 0) return insert();
  const begun: string[] = [];
  let results: Inserted[] = [];
  try {
    for (const id of ids) {
      const byMember = currentTask()?.batch === id;
      if (!(await core.batches.beginAdding(id, byMember, core.clock.now()))) throw await refusal(core, id);
      begun.push(id);
    }
    results = await insert();
    return results;
  } finally {
    const added = (id: string) =>
      results.filter(({ kind }, index) => kind === 'added' && insertions[index]?.task.batch === id).length;
    for (const id of begun) {
      // Where this can't be written, the batch does not wait for it for long.
      const isCancelled = await core.batches.endAdding(id, added(id)).catch(() => false);
      // What came in beside the cancel was not there to be cancelled.
      if (isCancelled) await cancelAll(core, { batch: id }).catch(() => {});
    }
  }
}

async function refusal(core: QueueCore, id: string): Promise<InvalidTaskError> {
  const batch = await core.batches.read(id);
  const name = `batch: "${id}"`;
  if (!batch) return new InvalidTaskError([`${name} is not there; make it by addBatch, or its retention is over`]);
  if (batch.cancelRequested) return new InvalidTaskError([`${name} was cancelled`]);
  const why = batch.state === 'ended' ? 'has ended' : 'is sealed: only its own members may add tasks to it';
  return new InvalidTaskError([`${name} ${why}`]);
}
