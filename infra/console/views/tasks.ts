import { optionsOf } from '../../catalog';
import { clip } from '../../errors/plain-error';
import type { Task } from '../../queue';
import { type ErrorGroup, errorCollectionName } from '../../queue/store/error-groups';
import { counterCollectionName, type TypeCounters } from '../../queue/store/task-counters';
import { parseFilter, type TaskFilter } from '../task-filter';
import { type Cursor, cursorBehind, findPage, type QueryContext, queryOf, type TaskQuery } from './task-query';
import { type AnyQueue, maxTimeMS, textIn, view } from './view';

const onePage = 50;
const mostTypes = 200;
const mostGroups = 100;
const longestShown = 300;

/** A task in the list. */
export interface ListedTask {
  _id: string;
  taskType: string;
  state: Task['state'];
  key?: string;
  tags?: string[];
  /** When it ended, began, or is due, by its state. */
  at: Date;
  createdAt: Date;
  attempt: number;
  progress?: { fraction: number; note?: string };
  error?: { name: string; message: string };
  cancelRequested?: boolean;
}

const projection = {
  taskType: 1,
  catalogVersion: 1,
  state: 1,
  uniqueKey: 1,
  'unique.key': 1,
  tags: 1,
  createdAt: 1,
  dueDate: 1,
  priority: 1,
  place: 1,
  claimedAt: 1,
  finishedAt: 1,
  expiresAt: 1,
  attempt: 1,
  progress: 1,
  'error.name': 1,
  'error.message': 1,
  cancelRequested: 1,
};

/** The tasks that match a filter, page by page. */
export const tasksView = (queue: AnyQueue) =>
  view({
    parse: params => {
      const after = textIn(params, 'after');
      return { filter: parseFilter(textIn(params, 'q') ?? ''), ...(after !== undefined && { after }) };
    },
    look: params => listTasks(queue, params),
  });

/**
 * One page of the tasks that match.
 *
 * @returns `next` where there are more, and `matching` where it is known how many match in all.
 * @throws where MongoDB would have to look for longer than two seconds.
 */
export async function listTasks(
  queue: AnyQueue,
  { filter, after, limit = onePage }: { filter: TaskFilter; after?: Cursor; limit?: number },
): Promise<{ rows: ListedTask[]; next?: Cursor }> {
  const query = await questionOf(queue, filter);
  const found = await findPage(queue.core.store.collection, query, {
    ...(after !== undefined && { after }),
    limit,
    projection,
    maxTimeMS,
  }).catch(error => {
    throw (error as { code?: unknown }).code === 50 ? new Error(tooMany) : error;
  });
  const shown = found.slice(0, limit);
  return {
    rows: shown.map(listed),
    ...(found.length > limit && { next: cursorBehind(query, shown, after) }),
  };
}

const tooMany =
  'There are too many tasks to look through in two seconds: name a type, a tag, a key or an error as well.';

/** The question for all tasks that a filter means; its selector is for work on all of them as well. */
export async function questionOf(queue: AnyQueue, filter: TaskFilter): Promise<TaskQuery> {
  return queryOf(filter, await contextOf(queue, filter));
}

async function contextOf(queue: AnyQueue, { error }: TaskFilter): Promise<QueryContext> {
  const { core } = queue;
  return {
    types: await typesOf(queue),
    now: core.clock.now(),
    ...(error !== undefined && { fingerprints: await groupsLike(queue, error) }),
    doneKeptMs: type => optionsOf(core.catalog, type).retention.done,
    ofOwner: owner => queue.ofOwner(owner),
  };
}

/** Those of the catalog, and those of versions before whose tasks have ended here. */
async function typesOf({ core }: AnyQueue): Promise<string[]> {
  const counters = core.db.collection<TypeCounters>(counterCollectionName);
  const ended = await counters
    .find({}, { projection: { _id: 1 }, maxTimeMS })
    .limit(mostTypes)
    .toArray();
  const all = new Set([...Object.keys(core.catalog), ...ended.map(({ _id }) => _id)]);
  return [...all].slice(0, mostTypes);
}

/** There are some hundreds of groups, of which the messages may be read. */
async function groupsLike({ core }: AnyQueue, text: string): Promise<string[]> {
  const like = { $regex: text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), $options: 'i' };
  const groups = await core.db
    .collection<ErrorGroup>(errorCollectionName)
    .find({ $or: [{ _id: text }, { name: like }, { message: like }] }, { projection: { _id: 1 }, maxTimeMS })
    .sort({ lastAt: -1 })
    .limit(mostGroups)
    .toArray();
  return groups.map(({ _id }) => _id);
}

function listed(task: Task): ListedTask {
  const { _id, taskType, state, tags, createdAt, attempt, progress, error, cancelRequested } = task;
  const key = task.uniqueKey ?? task.unique?.key.slice(taskType.length + 1);
  const { fraction, note } = progress ?? {};
  return {
    _id,
    taskType,
    state,
    createdAt,
    attempt,
    at: momentOf(task),
    ...(key !== undefined && { key }),
    ...(tags && { tags }),
    ...(fraction !== undefined && { progress: { fraction, ...(note && { note: clip(note, longestShown) }) } }),
    ...(error && { error: { name: error.name, message: clip(error.message, longestShown) } }),
    ...(cancelRequested && { cancelRequested }),
  };
}

function momentOf({ state, createdAt, dueDate, claimedAt, finishedAt }: Task): Date {
  if (state === 'running') return claimedAt ?? createdAt;
  if (state === 'scheduled' || state === 'queued') return dueDate;
  return finishedAt ?? createdAt;
}
