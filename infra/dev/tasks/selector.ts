import type { Filter } from 'mongodb';
import { didYouMean } from '../../catalog';
import { spanMs } from '../../console/task-filter';
import type { Task, TaskState } from '../../queue';
import type { TaskFindOptions } from '../../queue/api/find-tasks';
import { queueOrder } from '../../queue/model/order';
import { finishedStates, taskStates } from '../../queue/model/task';
import type { Flags } from './arguments';

interface Surroundings {
  /** By the database's clock. */
  now: Date;
  /** What selects the tasks of an owner. @throws where the app does not say whose a task is. */
  ofOwner: (owner: string) => Filter<Task>;
}

/**
 * What the filters of a command select.
 *
 * @throws one message that names the flag, its value and what it takes.
 */
export function selectorOf(flags: Flags, { now, ofOwner }: Surroundings): Filter<Task> {
  const { type, id, error, tag, owner, since } = flags;
  const states = statesOf(flags);
  const parts: Filter<Task>[] = [];
  if (states) parts.push({ state: oneOrIn(states) });
  if (type) parts.push({ taskType: oneOrIn(type) });
  if (id) parts.push({ _id: oneOrIn(id) });
  if (error !== undefined) parts.push(errorFilter(error));
  if (tag !== undefined) parts.push({ tags: tag });
  if (owner !== undefined) parts.push(ofOwner(owner));
  if (since !== undefined) parts.push(sinceFilter(sinceOf(since, now), states));
  return parts.length === 1 ? parts[0]! : parts.length === 0 ? {} : ({ $and: parts } as Filter<Task>);
}

/** An error is looked for among the failed, where there is an index. */
function statesOf({ state, error }: Flags): TaskState[] | undefined {
  if (!state) return error === undefined ? undefined : ['failed'];
  for (const one of state)
    if (!(taskStates as readonly string[]).includes(one))
      throw new Error(
        `--state: ${JSON.stringify(one)} is no state${didYouMean(one, taskStates) || '.'} There are ${taskStates.join(', ')}`,
      );
  return state as TaskState[];
}

const oneOrIn = <T>(values: readonly T[]) => (values.length === 1 ? values[0]! : { $in: [...values] }) as never;

function errorFilter(text: string): Filter<Task> {
  if (text === '') throw new Error('--error: is empty; give a part of the message, or the name of the error');
  if (/^[\w-]{22}$/.test(text)) return { 'error.fingerprint': text };
  const part = { $regex: text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), $options: 'i' };
  return { $or: [{ 'error.name': text }, { 'error.message': part }] } as Filter<Task>;
}

/** @param text how long ago (`30m`, `2h`, `7d`), or a date. @throws where it is neither, or lies ahead. */
export function sinceOf(text: string, now: Date): Date {
  const span = spanMs(text);
  const since = span === undefined ? new Date(text) : new Date(now.getTime() - span);
  // Date would take "5" for a month.
  if (Number.isNaN(since.getTime()) || (span === undefined && !/^\d{4}-\d\d/.test(text)))
    throw new Error(
      `--since: ${JSON.stringify(text)} is no time; give one such as 30m, 2h, 7d, 2026-05-01 or 2026-05-01T12:00Z`,
    );
  if (since > now) throw new Error(`--since: ${text} lies ahead; now it is ${now.toISOString()}`);
  return since;
}

const isFinished = (state: TaskState) => (finishedStates as readonly TaskState[]).includes(state);

function sinceFilter(since: Date, states: readonly TaskState[] = []): Filter<Task> {
  const [ended, added]: Filter<Task>[] = [{ finishedAt: { $gte: since } }, { createdAt: { $gte: since } }];
  if (states.length > 0 && states.every(isFinished)) return ended!;
  if (states.length > 0 && !states.some(isFinished)) return added!;
  return { $or: [ended, { ...added, finishedAt: { $exists: false } }] } as Filter<Task>;
}

const newest = { createdAt: -1, _id: -1 } as const;

/** The order of each state's list, by the index that has it. */
const orders: Partial<Record<TaskState, TaskFindOptions['sort']>> = {
  failed: { finishedAt: -1 },
  queued: { taskType: 1, catalogVersion: 1, ...queueOrder },
  scheduled: { dueDate: 1, _id: 1 },
  waiting: { waitsFor: 1, _id: 1 },
  running: { claimedAt: 1 },
};

/** In which order tasks are listed: by an index where there is one, as they came otherwise; the newest first. */
export function orderOf(flags: Flags): TaskFindOptions['sort'] {
  if (isAsked(flags)) return newest;
  const state = onlyState(flags);
  return (state && orders[state]) ?? { $natural: -1 };
}

/** Whether it is the list of what has failed: the console knows the index of that. */
export const isListOfFailed = (flags: Flags) => !isAsked(flags) && onlyState(flags) === 'failed';

const isAsked = ({ id, tag, owner }: Flags) => Boolean(id) || tag !== undefined || owner !== undefined;

function onlyState(flags: Flags): TaskState | undefined {
  const states = statesOf(flags);
  return states?.length === 1 ? states[0] : undefined;
}

/** What the index of a state needs beside it: a field in front that has a value. */
export function indexed(filter: Filter<Task>, { state, type }: Flags): Filter<Task> {
  const [only, ...others] = state ?? [];
  if (others.length > 0) return filter;
  if (only === 'queued' && !type) return { $and: [filter, { taskType: { $gte: '' } }] } as Filter<Task>;
  if (only === 'running') return { $and: [filter, { leaseUntil: { $gte: new Date(0) } }] } as Filter<Task>;
  return filter;
}
