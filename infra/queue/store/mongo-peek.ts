import type { Collection, Filter } from 'mongodb';
import { compareTasks, queueOrder } from '../model/order';
import type { Task } from '../model/task';
import type { Head, Row } from './queue-heads';
import { type KnownType, type PeekRequest, versionsOf } from './task-store';

/** MongoDB merges at most 200 scans in order; beyond, it would sort the whole queue. So a long list is asked in parts. */
const scansAtOnce = 150;

/** What one query asks for: some types, up to one version. */
interface Part {
  taskTypes: string[];
  version: number;
}

/**
 * The first queued tasks of the given types, in the queue's order, wholly from one index.
 *
 * One query for all types, up to the newest version of any. Where that brings a task of a version that is not known for
 * its type, the types are asked by version: such tasks then cost nothing, however many wait at the head.
 */
export async function peekQueued(collection: Collection<Task>, request: PeekRequest): Promise<Head[]> {
  const { types } = request;
  const heads = await headsOfAll(collection, partsOf(withVersion(types, newestOf(types))), request);
  const versions = versionsOf(types);
  if (heads.every(({ taskType, catalogVersion }) => !(catalogVersion > (versions.get(taskType) ?? 0)))) return heads;
  return headsOfAll(collection, partsOf(types), request);
}

async function headsOfAll(collection: Collection<Task>, parts: Part[], request: PeekRequest): Promise<Head[]> {
  const heads = await Promise.all(
    parts.map(part => findHeads(collection, queuedOf(part, request.minPriority), request)),
  );
  const [only = []] = heads;
  return heads.length <= 1 ? only : heads.flat().sort(compareTasks).slice(0, request.limit);
}

function newestOf(types: readonly KnownType[]): number {
  return Math.max(...types.map(({ version }) => version));
}

function withVersion(types: readonly KnownType[], version: number): KnownType[] {
  return types.map(({ taskType }) => ({ taskType, version }));
}

/** Types of one version together, as many as can be merged at once. */
function partsOf(types: readonly KnownType[]): Part[] {
  const byVersion = new Map<number, string[]>();
  for (const { taskType, version } of types) byVersion.set(version, [...(byVersion.get(version) ?? []), taskType]);
  return [...byVersion].flatMap(([version, taskTypes]) => {
    const size = Math.max(1, Math.floor(scansAtOnce / (version + 1)));
    const parts = Math.ceil(taskTypes.length / size);
    return Array.from({ length: parts }, (_, index) => ({
      taskTypes: taskTypes.slice(index * size, (index + 1) * size),
      version,
    }));
  });
}

const inTheIndex = { _id: 1, taskType: 1, catalogVersion: 1, priority: 1, place: 1, dueDate: 1 } as const;

/** MongoDB's first reply holds 101 documents unless it is told otherwise: a claim of 500 would ask twice. */
export const inOneReply = (most: number) => most + 1;

/** The first of those in some rows. */
export async function peekRows(
  collection: Collection<Task>,
  rows: readonly Row[],
  request: PeekRequest,
): Promise<Head[]> {
  return rows.length === 0 ? [] : findHeads(collection, queuedIn(rows), request);
}

function findHeads(
  collection: Collection<Task>,
  filter: Filter<Task>,
  { limit, withRateKey = false }: PeekRequest,
): Promise<Head[]> {
  return collection
    .find(filter)
    .project<Head>({ ...inTheIndex, ...(withRateKey && { rateKey: 1 }) })
    .sort(queueOrder)
    .limit(limit)
    .hint('claim')
    .batchSize(inOneReply(limit))
    .toArray();
}

function queuedOf({ taskTypes, version }: Part, minPriority: number | undefined): Filter<Task> {
  // Null stands for a task without a version: nobody but a forger writes one, and a claim shall find and reject it.
  const versions = [null, ...Array.from({ length: version }, (_, index) => index + 1)];
  return {
    state: 'queued',
    taskType: { $in: taskTypes },
    catalogVersion: { $in: versions },
    ...(minPriority !== undefined && { priority: { $gte: minPriority } }),
  } as Filter<Task>;
}

/** The filter of all queued tasks that one query can find in the queue's order; undefined: it takes several. */
export function queuedInOneQuery({ types, minPriority }: PeekRequest): Filter<Task> | undefined {
  const [part, ...others] = partsOf(types);
  return part && others.length === 0 ? queuedOf(part, minPriority) : undefined;
}

/** The filter of the queued tasks in these rows. */
export function queuedIn(rows: readonly Row[]): Filter<Task> {
  const each = rows.map(({ taskType, catalogVersion, priority, place, from }) => {
    return { state: 'queued', taskType, catalogVersion, priority, place, dueDate: { $gte: new Date(from) } } as const;
  });
  const [only, ...others] = each;
  return only && others.length === 0 ? only : { $or: each };
}
