import type { Filter } from 'mongodb';
import { optionsOf } from '../../catalog';
import { withoutCallTimeout } from '../../database';
import { show } from '../../errors/plain-error';
import type { Task } from '../model/task';
import { TaskCounters } from '../store/task-counters';
import type { Cancelled } from '../store/task-store';
import { unsetOf } from '../store/transition';
import { parseId, parseSelector } from './find-tasks';
import { letInAfter } from './let-in';
import { type QueueCore, tellDispatchers } from './queue-core';

/** How many tasks were cancelled at once, and how many run and have been asked to stop. */
export interface CancelledTasks {
  cancelled: number;
  requested: number;
}

/** Cancels one task by its id, a batch, or all that match. */
export async function cancelTasks(core: QueueCore, which: unknown): Promise<Cancelled | CancelledTasks> {
  if (typeof which !== 'object' || which === null) return cancelOne(core, parseId(which, 'cancel'));
  const filter = parseSelector(which, 'cancel');
  const [only, ...others] = Object.keys(filter);
  // An id that came from outside may be an object: it must not become a wish for everything.
  if (only === undefined || /^\$(?!and$|or$|nor$)/.test(only))
    throw new TypeError(`cancel: ${show(which)} is neither the id of a task nor a selector that says which tasks`);
  const isBatch = only === 'batch' && others.length === 0 && typeof filter.batch === 'string';
  return isBatch ? cancelBatch(core, filter.batch as string) : cancelAll(core, filter);
}

async function cancelOne(core: QueueCore, id: string): Promise<Cancelled> {
  const { memory, store, clock, catalog } = core;
  const now = clock.now();
  const task = (await memory.findOne(id)) ?? (await store.findOne(id));
  if (!task) return undefined;
  const expiresAt = new Date(now.getTime() + optionsOf(catalog, task.taskType).retention.failed);
  const done = (await memory.cancel(id, now, expiresAt)) ?? (await store.cancel(id, now, expiresAt));
  if (done === 'requested') tellDispatchers(core, dispatcher => dispatcher.cancelRequested(id));
  if (done !== 'cancelled') return done;
  await tellCancelled(core, { ...task, state: 'cancelled', finishedAt: now, expiresAt });
  await letInAfter(core, task);
  return done;
}

/** One that waited has no dispatcher that would count it and tell of its end. */
async function tellCancelled({ db, statistics, emit, events }: QueueCore, task: Task): Promise<void> {
  const { _id: taskId, taskType, attempt } = task;
  const counters = new TaskCounters(db, statistics);
  counters.add(taskType, 'cancelled');
  // It is cancelled all the same where it cannot be counted.
  await counters.flush().catch(() => {});
  emit('task.cancelled', { taskType, taskId, attempt });
  events.tell('cancelled', task);
}

/** Cancels a batch with all that comes after it: its members, and what they would still add. */
async function cancelBatch(core: QueueCore, batchId: string): Promise<CancelledTasks> {
  // First of all: from now on nobody adds to it.
  await core.batches.requestCancel(batchId);
  const counts = await cancelAll(core, { $or: [{ batch: batchId }, { afterBatch: batchId }] });
  tellDispatchers(core, dispatcher => dispatcher.waitingChanged(batchId));
  return counts;
}

/** Cancels all that match: what waits at once, what runs is asked to stop. */
export async function cancelAll(core: QueueCore, filter: Filter<Task>): Promise<CancelledTasks> {
  const cancelled = await cancelWaiting(core, filter);
  const running = { $and: [filter, { state: 'running' as const, cancelRequested: { $ne: true } }] };
  const collection = withoutCallTimeout(core.store.collection);
  const requested = (await collection.updateMany(running, { $set: { cancelRequested: true } })).modifiedCount;
  if (cancelled + requested > 0) core.emit('queue.cancelled', { cancelled, requested });
  // Where nothing has ended, nobody waits for less than before: a look that cancels would ask for the next one without end.
  if (cancelled > 0) tellDispatchers(core, dispatcher => dispatcher.waitingChanged());
  return { cancelled, requested };
}

const isWaiting = { state: { $in: ['scheduled', 'waiting', 'queued'] as const } };
const $unset = unsetOf(['slot', 'waitsFor', 'recurringKey', 'promotion', 'deadlineWatch']);

/** One write for each type, since each has its own retention. */
async function cancelWaiting(core: QueueCore, filter: Filter<Task>): Promise<number> {
  const counters = new TaskCounters(core.db, core.statistics);
  const types = Object.keys(core.catalog);
  const finishedAt = core.clock.now();
  let cancelled = 0;
  for (const taskType of [...types, undefined]) {
    const { retention } = optionsOf(core.catalog, taskType);
    const end = { finishedAt, expiresAt: new Date(finishedAt.getTime() + retention.failed) };
    const ofType = { ...isWaiting, taskType: taskType ?? { $nin: types } };
    const { modifiedCount } = await withoutCallTimeout(core.store.collection).updateMany(
      { $and: [filter, ofType as Filter<Task>] },
      { $set: { state: 'cancelled', ...end }, $unset },
    );
    counters.add(taskType ?? 'unknown', 'cancelled', modifiedCount);
    cancelled += modifiedCount;
  }
  // They are cancelled all the same where they can't be counted.
  await counters.flush().catch(() => {});
  return cancelled;
}
