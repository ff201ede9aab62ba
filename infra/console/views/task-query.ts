import { BSON, type Collection, type Document, type Filter, MaxKey, MinKey, type Sort } from 'mongodb';
import { queueOrder } from '../../queue/model/order';
import { finishedStates, liveStates, type Task } from '../../queue/model/task';
import { sinceDate, type TaskFilter } from '../task-filter';

/** A question for tasks that an index answers: which, in what order, and by which index. */
export interface TaskQuery {
  filter: Filter<Task>;
  sort: Sort;
  hint: string;
  /** The field whose value, with a number of equals to skip, says where a page begins. */
  by: keyof Task | 'queue';
}

/** What is known beside the filter. */
export interface QueryContext {
  /** All task types that tasks may have. */
  types: readonly string[];
  now: Date;
  /** The groups of errors that match `error:`. */
  fingerprints?: readonly string[];
  /** How long a done task of this type is kept, in milliseconds. */
  doneKeptMs(type: string): number;
  /** Selects by owner. */
  ofOwner(owner: string): Filter<Task>;
}

type Plan = (filter: TaskFilter, context: QueryContext) => TaskQuery;

/** The question that a filter means. Without a state and whatever finds tasks in all states, it is for the failed. */
export function queryOf(filter: TaskFilter, context: QueryContext): TaskQuery {
  const query = planOf(filter)(filter, context);
  const { type, state, since } = filter;
  const more: Filter<Task>[] = [query.filter];
  if (type !== undefined && !('taskType' in query.filter)) more.push({ taskType: type });
  if (state !== undefined && !('state' in query.filter)) more.push({ state });
  if (since !== undefined) {
    const isEnded = (finishedStates as readonly string[]).includes(query.filter.state as string);
    more.push({ [isEnded ? 'finishedAt' : 'createdAt']: { $gte: sinceDate(since, context.now.getTime()) } });
  }
  return { ...query, filter: more.length === 1 ? query.filter : { $and: more } };
}

function planOf({ id, key, tag, owner, error, state = 'failed' }: TaskFilter): Plan {
  if (id !== undefined) return byId;
  if (key !== undefined) return byKey;
  if (owner !== undefined) return byOwner;
  if (tag !== undefined) return byTag;
  if (error !== undefined) return byError;
  return byState[state];
}

const newestFirst: Sort = { createdAt: -1, _id: -1 };

const byId: Plan = ({ id = '' }) => ({
  filter: { _id: { $gte: id, $lt: `${id}\uffff` } },
  sort: { _id: 1 },
  hint: '_id_',
  by: '_id',
});

const byTag: Plan = ({ tag = '' }) => ({ filter: { tags: tag }, sort: newestFirst, hint: 'tags', by: 'createdAt' });

const byOwner: Plan = ({ owner = '' }, { ofOwner }) => ({
  filter: ofOwner(owner),
  sort: newestFirst,
  hint: 'owner',
  by: 'createdAt',
});

/** Both kinds of key have an index of their own, so no one hint would do. */
const byKey: Plan = ({ key = '', type }, { types }) => {
  const withType = (type === undefined ? types : [type]).map(one => `${one}/${key}`);
  const isUniqueKey: Filter<Task> = { uniqueKey: key, state: { $in: [...liveStates] } };
  return {
    filter: { $or: [isUniqueKey, { 'unique.key': { $in: [key, ...withType] } }] } as Filter<Task>,
    sort: { _id: 1 },
    hint: '',
    by: '_id',
  };
};

const byError: Plan = (_filter, { fingerprints = [] }) => ({
  filter: { state: 'failed', 'error.fingerprint': { $in: [...fingerprints] } } as Filter<Task>,
  sort: { finishedAt: -1, _id: -1 },
  hint: 'failedOfGroup',
  by: 'finishedAt',
});

/** By type in the index: MongoDB merges one scan for each. */
const ended =
  (state: 'failed' | 'cancelled' | 'rejected'): Plan =>
  ({ type }, { types }) => ({
    filter: { state, taskType: type ?? { $in: [...types] } },
    sort: { finishedAt: -1, _id: -1 },
    hint: 'ended',
    by: 'finishedAt',
  });

/**
 * The done are many, and have no index but that of their retention: it has the newest last, between failed ones that
 * are kept for longer.
 */
const done: Plan = ({ type }, { now, types, doneKeptMs }) => {
  const longestMs = Math.max(0, ...(type === undefined ? types : [type]).map(doneKeptMs));
  return {
    filter: { state: 'done', expiresAt: { $lte: new Date(now.getTime() + longestMs) } },
    sort: { expiresAt: -1 },
    hint: 'retention',
    by: 'expiresAt',
  };
};

const waits = ['predecessors', 'batch', 'slot', 'rate'] as const;

const byState: Record<NonNullable<TaskFilter['state']>, Plan> = {
  failed: ended('failed'),
  cancelled: ended('cancelled'),
  rejected: ended('rejected'),
  done,
  // As many as there are slots.
  running: () => ({ filter: { state: 'running' }, sort: { _id: 1 }, hint: 'lease', by: '_id' }),
  scheduled: () => ({ filter: { state: 'scheduled' }, sort: { dueDate: 1, _id: 1 }, hint: 'due', by: 'dueDate' }),
  waiting: () => ({
    filter: { state: 'waiting', waitsFor: { $in: [...waits] } },
    sort: { _id: 1 },
    hint: 'waiting',
    by: '_id',
  }),
  // Each type in its own order: that is what the index has, and what a jobs role goes by.
  queued: ({ type }) => ({
    filter: { state: 'queued', ...(type === undefined ? { taskType: { $gte: '' } } : { taskType: type }) },
    sort: { taskType: 1, catalogVersion: 1, ...queueOrder },
    hint: 'claim',
    by: 'queue',
  }),
};

/** Where a page begins: behind the last task of the page before. Text, since it is part of an address. */
export type Cursor = string;

/** Of equals, how many the pages before have shown. */
type Place = { at: unknown; skip: number };

const queueKey = ['taskType', 'catalogVersion', 'priority', 'place', 'dueDate', '_id'] as const;

/** The cursor behind the last of these tasks. */
export function cursorBehind({ by }: TaskQuery, tasks: readonly Task[], before?: Cursor): Cursor {
  const last = tasks.at(-1) as Task;
  if (by === 'queue') return BSON.EJSON.stringify(Object.fromEntries(queueKey.map(field => [field, last[field]])));
  const at = last[by];
  const equals = tasks.filter(task => Number(task[by]) === Number(at) || task[by] === at).length;
  const earlier = before === undefined || by === '_id' ? undefined : placeOf(before);
  const isSame = earlier !== undefined && Number(earlier.at) === Number(at);
  return BSON.EJSON.stringify({ at, skip: equals + (isSame ? earlier.skip : 0) });
}

/** @throws where it is none of ours. */
function placeOf(cursor: Cursor): Place {
  const place = parsed(cursor) as Place;
  if (!Number.isSafeInteger(place.skip) || place.skip < 0)
    throw new TypeError(`after: "${cursor}" is no place in a list`);
  return place;
}

function parsed(cursor: Cursor): Document {
  try {
    const value: unknown = BSON.EJSON.parse(cursor);
    if (typeof value === 'object' && value !== null) return value;
  } catch {}
  throw new TypeError(`after: "${cursor}" is no place in a list`);
}

/** The tasks of a page, one more than `limit` where there are more. */
export function findPage(
  collection: Collection<Task>,
  query: TaskQuery,
  { after, limit, projection, maxTimeMS }: { after?: Cursor; limit: number; projection: Document; maxTimeMS: number },
): Promise<Task[]> {
  const { filter, sort, hint, by } = query;
  const options = { projection, maxTimeMS, sort, ...(hint && { hint }) };
  if (after === undefined)
    return collection
      .find(filter, options)
      .limit(limit + 1)
      .toArray();
  if (by === 'queue') {
    const min = parsed(after);
    return collection
      .find(filter, { ...options, min, ...maxOf(filter) })
      .skip(1)
      .limit(limit + 1)
      .toArray();
  }
  const { at, skip } = placeOf(after);
  if (!(at instanceof Date) && typeof at !== 'string') throw new TypeError(`after: "${after}" is no place in a list`);
  const isDown = (sort as Record<string, number>)[by] === -1;
  const behind = by === '_id' ? { $gt: at } : { [isDown ? '$lte' : '$gte']: at };
  return collection
    .find({ $and: [filter, { [by]: behind } as Filter<Task>] }, options)
    .skip(by === '_id' ? 0 : skip)
    .limit(limit + 1)
    .toArray();
}

/** With a lower bound by `min`, MongoDB reads on to the end of the index unless it is given the upper one as well. */
function maxOf(filter: Filter<Task>): { max?: Document } {
  const parts = (filter.$and as Filter<Task>[] | undefined) ?? [filter];
  const type = parts.map(({ taskType }) => taskType).find(taskType => typeof taskType === 'string');
  if (type === undefined) return {};
  const least = new MinKey();
  const most = new MaxKey();
  return {
    max: { taskType: type, catalogVersion: most, priority: least, place: most, dueDate: most, _id: most },
  };
}
