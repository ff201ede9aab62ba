import type { Collection, Filter } from 'mongodb';
import { optionsOf } from '../../catalog';
import { isLive, type Task, type TaskState } from '../model/task';
import { slotsOf } from '../model/waiting';
import { RateLimits } from '../store/rate-limits';
import type { QueueCore } from './queue-core';

/** One thing that keeps a task from starting, or that it waits for. `text` says it in words. */
export type Reason = { text: string } & (
  | { kind: 'due'; dueDate: Date }
  | { kind: 'paused'; taskType?: string }
  | { kind: 'unknownType'; taskType: string }
  | { kind: 'untaken'; taskType: string }
  | { kind: 'rate'; until: Date }
  | { kind: 'slot'; limitKey: string; heldBy: string[]; ahead: number }
  | { kind: 'predecessors'; ids: string[] }
  | { kind: 'batch'; batch: string }
  | { kind: 'line'; ahead: number }
);

/** What is known of why a task has not begun, or how it goes. */
export interface Explanation {
  taskId: string;
  taskType: string;
  state: TaskState;
  /** Why it waits; empty where it does not. */
  reasons: Reason[];
  /** All of it in words. */
  text: string;
}

/** Counting goes no further: nobody cares whether ten thousand or a million are ahead. */
const mostCounted = 10_000;
const mostNamed = 20;

/** Why a task waits, as data and in words; undefined where there is no task of this id. */
export async function explain(core: QueueCore, id: string): Promise<Explanation | undefined> {
  const task = core.memory.get(id) ?? (await core.store.findOne(id));
  if (!task) return undefined;
  const reasons = await reasonsOf(core, task);
  const { _id: taskId, taskType, state } = task;
  const words = reasons.length > 0 ? reasons.map(({ text }) => text).join('; ') : atWork(task);
  return { taskId, taskType, state, reasons, text: `${taskType} ${taskId} is ${state}: ${words}` };
}

async function reasonsOf(core: QueueCore, task: Task): Promise<Reason[]> {
  if (!isLive(task) || task.state === 'running') return [];
  const general = [...(await pausesOf(core, task)), ...(await takersOf(core, task))];
  if (task.state === 'scheduled') return [dueOf(task), ...general];
  if (task.state === 'waiting') return [...(await waitsOf(core, task)), ...general];
  return [...general, ...(await rateOf(core, task)), ...(await lineOf(core, task))];
}

function atWork({ state, owner, claimedAt, progress, cancelRequested, finishedAt, error }: Task): string {
  if (state !== 'running') {
    const at = finishedAt ? ` at ${finishedAt.toISOString()}` : '';
    return `it has ended${at}${error ? `: ${error.name}: ${error.message}` : ''}`;
  }
  const since = claimedAt ? ` since ${claimedAt.toISOString()}` : '';
  const far = progress ? `, ${Math.round(progress.fraction * 100)} % done` : '';
  return `${owner} has it${since}${far}${cancelRequested ? '; it was told to stop' : ''}`;
}

function dueOf({ dueDate, attempts, attempt }: Task): Reason {
  const last = attempts.at(-1);
  const after =
    last?.outcome === 'snoozed'
      ? `its handler has put it off (${last.why})`
      : attempt > 0 && last?.error
        ? `attempt ${attempt} has failed (${last.error.message})`
        : 'it was asked for then';
  return { kind: 'due', dueDate, text: `due at ${dueDate.toISOString()}: ${after}` };
}

async function pausesOf({ pauses }: QueueCore, { taskType }: Task): Promise<Reason[]> {
  const { all, types } = await pauses.read();
  if (all) return [{ kind: 'paused', text: 'everything is paused' }];
  return types.has(taskType) ? [{ kind: 'paused', taskType, text: `${taskType} is paused` }] : [];
}

async function takersOf({ catalog, untakenTypes }: QueueCore, { taskType, catalogVersion }: Task): Promise<Reason[]> {
  const definition = Object.hasOwn(catalog, taskType) ? catalog[taskType] : undefined;
  if (!definition || definition.version < catalogVersion) {
    const text = `this version of the app does not know ${taskType} in version ${catalogVersion}`;
    return [{ kind: 'unknownType', taskType, text }];
  }
  const untaken = (await untakenTypes?.()) ?? [];
  if (!untaken.includes(taskType)) return [];
  return [{ kind: 'untaken', taskType, text: `no living jobs role takes ${taskType}` }];
}

async function waitsOf(core: QueueCore, task: Task): Promise<Reason[]> {
  const { collection } = core.store;
  if (task.waitsFor === 'batch') {
    const batch = task.afterBatch ?? '';
    return [{ kind: 'batch', batch, text: `it comes after the batch ${batch}, which has not ended` }];
  }
  if (task.waitsFor === 'predecessors') {
    const ids = await idsOf(collection, { _id: { $in: task.after ?? [] }, finishedAt: { $exists: false } });
    return [{ kind: 'predecessors', ids, text: `it comes after ${ids.join(', ')}` }];
  }
  const limitKey = task.limitKey ?? '';
  const heldBy = await idsOf(collection, { slot: slotsOf(limitKey) });
  const ahead = await countBefore(collection, task, { state: 'waiting', waitsFor: 'slot', limitKey });
  const text = `no slot of ${limitKey} is free (${heldBy.join(', ')} have them), ${ahead} wait before it`;
  return [{ kind: 'slot', limitKey, heldBy, ahead, text }];
}

/** Only one that is used up now keeps it from starting. */
async function rateOf({ db, catalog, clock }: QueueCore, { taskType }: Task): Promise<Reason[]> {
  const { rateLimit } = optionsOf(catalog, taskType);
  const until = rateLimit && (await new RateLimits(db).usedUpUntil(taskType, rateLimit, clock.now()));
  return until
    ? [{ kind: 'rate', until, text: `the rate of ${taskType} is used up until ${until.toISOString()}` }]
    : [];
}

async function lineOf({ store }: QueueCore, task: Task): Promise<Reason[]> {
  const ofType = { state: 'queued', taskType: task.taskType, catalogVersion: task.catalogVersion } as const;
  const ahead = await countBefore(store.collection, task, ofType);
  return [
    { kind: 'line', ahead, text: `${ahead === mostCounted ? 'at least ' : ''}${ahead} of its type are before it` },
  ];
}

/** In the queue's order, by the index that has it. */
function countBefore(collection: Collection<Task>, task: Task, line: Filter<Task>): Promise<number> {
  const { priority, place, dueDate, _id } = task;
  const before: Filter<Task>[] = [
    { priority: { $gt: priority } },
    { priority, place: { $lt: place } },
    { priority, place, dueDate: { $lt: dueDate } },
    { priority, place, dueDate, _id: { $lt: _id } },
  ];
  return collection.countDocuments({ ...line, $or: before } as Filter<Task>, { limit: mostCounted });
}

async function idsOf(collection: Collection<Task>, filter: Filter<Task>): Promise<string[]> {
  const found = await collection
    .find(filter, { projection: { _id: 1 } })
    .limit(mostNamed)
    .toArray();
  return found.map(({ _id }) => _id);
}
