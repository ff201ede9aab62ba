import type { Collection, Filter } from 'mongodb';
import { optionsOf, windowOf } from '../../catalog';
import { isLive, type Task, type TaskState } from '../model/task';
import { slotsOf } from '../model/waiting';
import { RateLimits } from '../store/rate-limits';
import { TaskCounters } from '../store/task-counters';
import type { LivingRole, QueueCore } from './queue-core';

/**
 * One thing that keeps a task from starting, or that it waits for. `text` says it in words. `estimatedStart` is no promise:
 * it is reckoned from how long such tasks usually take and how many are before it, as if nothing else came.
 */
export type Reason = { text: string } & (
  | { kind: 'due'; dueDate: Date }
  | { kind: 'paused'; taskType?: string }
  | { kind: 'unknownType'; taskType: string }
  | { kind: 'untaken'; taskType: string }
  | { kind: 'rate'; until: Date; rateKey?: string; ahead?: number }
  | { kind: 'slot'; limitKey: string; heldBy: string[]; ahead: number; estimatedStart?: Date }
  | { kind: 'predecessors'; ids: string[] }
  | { kind: 'batch'; batch: string }
  | { kind: 'overload'; minPriority: number }
  | { kind: 'line'; ahead: number; estimatedStart?: Date }
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
  const held = [...general, ...(await overloadOf(core, task)), ...(await rateOf(core, task))];
  return [...held, await lineOf(core, task, held.length === 0)];
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
  if (task.waitsFor === 'rate') return [await rateLineOf(core, task)];
  const limitKey = task.limitKey ?? '';
  const heldBy = await idsOf(collection, { slot: slotsOf(limitKey) });
  const ahead = await countBefore(collection, task, { state: 'waiting', waitsFor: 'slot', limitKey });
  const estimate = await estimateOf(core, task.taskType, ahead, optionsOf(core.catalog, task.taskType).slots?.max ?? 0);
  const holders = `no slot of ${limitKey} is free (${heldBy.join(', ')} have them)`;
  const text = `${holders}, ${ahead} wait before it${estimate.text}`;
  return [{ kind: 'slot', limitKey, heldBy, ahead, ...estimate.data, text }];
}

/** Only one that is used up now keeps it from starting. */
async function rateOf(core: QueueCore, task: Task): Promise<Reason[]> {
  const { taskType, rateKey } = task;
  const until = await usedUpUntil(core, task);
  if (!until) return [];
  const text = `the rate of ${rateKey ?? taskType} is used up until ${until.toISOString()}`;
  return [{ kind: 'rate', until, ...(rateKey !== undefined && { rateKey }), text }];
}

/** In the line of its key it waits for those before it as well. */
async function rateLineOf(core: QueueCore, task: Task): Promise<Reason> {
  const { rateKey = '' } = task;
  const until = (await usedUpUntil(core, task)) ?? core.clock.now();
  const ahead = await countBefore(core.store.collection, task, { state: 'waiting', waitsFor: 'rate', rateKey });
  const text = `the rate of ${rateKey} is used up until ${until.toISOString()}, ${ahead} wait before it`;
  return { kind: 'rate', until, rateKey, ahead, text };
}

async function usedUpUntil({ db, catalog, clock }: QueueCore, { taskType, rateKey }: Task): Promise<Date | undefined> {
  const { rateLimit } = optionsOf(catalog, taskType);
  if (!rateLimit) return undefined;
  const name = rateKey ?? taskType;
  const use = (await new RateLimits(db).look([name], clock.now())).get(name);
  return use && use.used >= windowOf(rateLimit).max ? use.until : undefined;
}

/** Where one of the roles that take it still starts such tasks, overload is no reason. */
async function overloadOf(core: QueueCore, { taskType, priority }: Task): Promise<Reason[]> {
  const bounds = (await takersOfType(core, taskType)).map(({ minPriority = Number.NEGATIVE_INFINITY }) => minPriority);
  const minPriority = Math.min(...bounds);
  if (bounds.length === 0 || priority + core.limits.shiftOf(taskType) >= minPriority) return [];
  const which = Number.isFinite(minPriority) ? `nothing below priority ${minPriority}` : 'nothing';
  const text = `every living jobs role that takes ${taskType} is overloaded, and starts ${which} now`;
  return [{ kind: 'overload', minPriority, text }];
}

async function takersOfType({ livingRoles }: QueueCore, taskType: string): Promise<LivingRole[]> {
  return ((await livingRoles?.()) ?? []).filter(({ taskTypes }) => taskTypes.includes(taskType));
}

/** @param isFree whether nothing else keeps it: when that ends nobody can reckon. */
async function lineOf(core: QueueCore, task: Task, isFree: boolean): Promise<Reason> {
  const { taskType, catalogVersion } = task;
  const ahead = await countBefore(core.store.collection, task, { state: 'queued', taskType, catalogVersion });
  const roles = isFree ? await takersOfType(core, taskType) : [];
  const places = roles.reduce((sum, { slots }) => sum + slots, 0);
  const estimate = await estimateOf(core, taskType, ahead, places);
  const text = `${ahead === mostCounted ? 'at least ' : ''}${ahead} of its type are before it${estimate.text}`;
  return { kind: 'line', ahead, ...estimate.data, text };
}

/** Of so many places one comes free in each such part of the usual duration. */
async function estimateOf({ db, clock }: QueueCore, taskType: string, ahead: number, places: number) {
  const usualMs = places > 0 && ahead < mostCounted ? await new TaskCounters(db).readUsualMs(taskType) : undefined;
  if (usualMs === undefined) return { data: {}, text: '' };
  const estimatedStart = new Date(clock.now().getTime() + (usualMs * (ahead + 1)) / places);
  const text = ` (an estimate, by usual durations: it starts at about ${estimatedStart.toISOString()})`;
  return { data: { estimatedStart }, text };
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
