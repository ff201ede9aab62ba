import type { Filter } from 'mongodb';
import { messageOf } from '../../errors/plain-error';
import { type BulkRecord, scopeOf } from '../model/bulk-work';
import type { Task } from '../model/task';
import { isDatabaseAway } from '../store/database-errors';
import { addParsed, parseAll } from './add-tasks';
import { cancelAll } from './cancel-tasks';
import { letIn } from './let-in';
import { type QueueCore, tellDispatchers } from './queue-core';
import { replayOf } from './restart-tasks';

/** What has come of a page: how many tasks could not be dealt with, and why some. */
export interface PageResult {
  skipped: number;
  problems: string[];
}

/**
 * Deals with a page of tasks. The same page may be given once more, by whoever goes on after a crash: what has been dealt
 * with is then no longer in the scope of the work, or there already under a fixed id.
 *
 * @param filter which tasks the work is about: those of `ids` that match it still.
 */
export async function dealWithPage(
  core: QueueCore,
  work: BulkRecord,
  filter: Filter<Task>,
  ids: readonly string[],
): Promise<PageResult> {
  const page = { $and: [filter, scopeOf(work.kind, work.startedAt), { _id: { $in: [...ids] } }] } as Filter<Task>;
  if (work.kind === 'replay') return replayPage(core, work, page);
  const problems = await change(core, work.kind, page);
  const left = await core.store.collection.countDocuments(page);
  return { skipped: left, problems };
}

async function change(core: QueueCore, kind: 'retry' | 'cancel' | 'remove', page: Filter<Task>): Promise<string[]> {
  if (kind === 'retry') return retryPage(core, page);
  if (kind === 'cancel') await cancelAll(core, page);
  else await core.store.remove(page);
  tellDispatchers(core, dispatcher => dispatcher.waitingChanged());
  return [];
}

async function retryPage(core: QueueCore, page: Filter<Task>): Promise<string[]> {
  const { store, clock } = core;
  const ids = (await store.collection.find(page).project<{ _id: string }>({ _id: 1 }).toArray()).map(({ _id }) => _id);
  const refused = await store.retryMany(ids, { dueDate: clock.now() });
  await letIn(core, await store.collection.find({ _id: { $in: ids }, state: 'waiting' }).toArray());
  tellDispatchers(core, dispatcher => dispatcher.datesChanged());
  return refused.map(id => `task "${id}": its uniqueKey is taken by a task that has not finished yet`);
}

/** Under an `_id` that follows from the work and the task, and once: so each comes once, however often it is begun. */
async function replayPage(core: QueueCore, work: BulkRecord, page: Filter<Task>): Promise<PageResult> {
  const problems: string[] = [];
  const tasks: Task[] = [];
  for (const task of await core.store.collection.find(page).toArray()) {
    try {
      const again = { ...replayOf(task, core.signer, false), _id: `${work._id}:${task._id}`, once: true };
      tasks.push(...parseAll(core, [again], { origin: task._id }));
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      problems.push(messageOf(error));
    }
  }
  const once = tasks.map(() => ({ once: true }));
  if (tasks.length > 0) await addParsed(core, tasks, once);
  return { skipped: problems.length, problems };
}
