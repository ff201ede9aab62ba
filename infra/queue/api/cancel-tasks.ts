import type { Filter } from 'mongodb';
import { defaultOptions } from '../../catalog';
import { withoutCallTimeout } from '../../database';
import type { Task } from '../model/task';
import { TaskCounters } from '../store/task-counters';
import { unsetOf } from '../store/transition';
import type { QueueCore } from './queue-core';

/** How many tasks were cancelled at once, and how many run and have been asked to stop. */
export interface CancelledTasks {
  cancelled: number;
  requested: number;
}

const waiting = { state: { $in: ['scheduled', 'waiting', 'queued'] as const } };

/** Cancels all that match: what waits at once, what runs is asked to stop. One write for each type, by its retention. */
export async function cancelAll(core: QueueCore, filter: Filter<Task>): Promise<CancelledTasks> {
  const collection = withoutCallTimeout(core.store.collection);
  const counters = new TaskCounters(core.db);
  let cancelled = 0;
  const types = Object.keys(core.catalog);
  for (const [taskType, which] of [
    ...types.map(type => [type, type] as const),
    ['unknown', { $nin: types }] as const,
  ]) {
    const finishedAt = core.clock.now();
    const { retention } =
      (Object.hasOwn(core.catalog, taskType) ? core.catalog[taskType] : undefined) ?? defaultOptions;
    const end = {
      state: 'cancelled' as const,
      finishedAt,
      expiresAt: new Date(finishedAt.getTime() + retention.failed),
    };
    const $unset = unsetOf(['slot', 'waitsFor', 'recurringKey', 'promotion', 'deadlineWatch']);
    const some = { $and: [filter, { ...waiting, taskType: which }] } as Filter<Task>;
    const { modifiedCount } = await collection.updateMany(some, { $set: end, $unset });
    for (let count = 0; count < modifiedCount; count++) counters.add(taskType, 'cancelled');
    cancelled += modifiedCount;
  }
  const running = { $and: [filter, { state: 'running' as const, cancelRequested: { $ne: true } }] };
  const requested = (await collection.updateMany(running, { $set: { cancelRequested: true } })).modifiedCount;
  // They are cancelled all the same where they can't be counted.
  await counters.flush().catch(() => {});
  core.emit('queue.cancelled', { cancelled, requested });
  for (const dispatcher of core.dispatchers) dispatcher.waitingChanged();
  return { cancelled, requested };
}

/** Cancels a batch with all that comes after it: its members, and what they would still add. */
export async function cancelBatch(core: QueueCore, batchId: string): Promise<CancelledTasks> {
  // First of all: from now on nobody adds to it.
  await core.batches.requestCancel(batchId);
  const counts = await cancelAll(core, { $or: [{ batch: batchId }, { afterBatch: batchId }] });
  for (const dispatcher of core.dispatchers) dispatcher.waitingChanged(batchId);
  return counts;
}
