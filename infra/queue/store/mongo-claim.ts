import type { Collection, Filter, FindOneAndUpdateOptions, UpdateFilter } from 'mongodb';
import { compareTasks, queueOrder } from '../model/order';
import type { Task } from '../model/task';
import { refusesDocument } from './database-errors';
import { setAside } from './mongo-ends';
import type { Claim, KnownType, Peeked, PeekRequest } from './task-store';

/** MongoDB merges at most 200 scans in order; beyond, it would sort the whole queue. So a long list is asked in parts. */
const scansAtOnce = 150;

type Head = Peeked & Pick<Task, 'catalogVersion'>;

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
export async function peekQueued(collection: Collection<Task>, request: PeekRequest): Promise<Peeked[]> {
  const { types } = request;
  const heads = await headsOfAll(collection, partsOf(withVersion(types, newestOf(types))), request);
  const versions = new Map(types.map(({ taskType, version }) => [taskType, version]));
  if (heads.every(({ taskType, catalogVersion }) => !(catalogVersion > (versions.get(taskType) ?? 0)))) return heads;
  return headsOfAll(collection, partsOf(types), request);
}

async function headsOfAll(collection: Collection<Task>, parts: Part[], request: PeekRequest): Promise<Head[]> {
  const heads = await Promise.all(parts.map(part => headsOf(collection, part, request)));
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
const inOneReply = (most: number) => most + 1;

function headsOf(
  collection: Collection<Task>,
  part: Part,
  { limit, minPriority, withRateKey = false }: PeekRequest,
): Promise<Head[]> {
  return collection
    .find(queuedOf(part, minPriority))
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

// The server takes an index by its name here too; the driver's types have forgotten it.
const inOrder = { sort: queueOrder, hint: 'claim' as never };

/** Claims the first queued task: in one round trip, where one query can tell which that is. */
export async function takeFirstQueued(
  collection: Collection<Task>,
  request: PeekRequest,
  claim: Claim,
): Promise<Task | undefined> {
  const [part, ...others] = partsOf(request.types);
  if (!part) return undefined;
  if (others.length === 0) {
    try {
      return await takeOne(collection, queuedOf(part, request.minPriority), claim, inOrder);
    } catch (error) {
      if (!refusesDocument(error)) throw error;
    }
  }
  const [first] = await peekQueued(collection, { ...request, limit: 1 });
  return first && (await takeQueued(collection, [first._id], claim))[0];
}

/** Claims those of `ids` that are still queued: one write, and one read by the fresh token. */
export async function takeQueued(collection: Collection<Task>, ids: readonly string[], claim: Claim): Promise<Task[]> {
  const [only, ...others] = ids;
  if (only === undefined) return [];
  try {
    if (others.length > 0) return await takeMany(collection, ids, claim);
    const task = await takeOne(collection, { _id: only, state: 'queued' }, claim);
    return task ? [task] : [];
  } catch (error) {
    if (!refusesDocument(error)) throw error;
    if (others.length === 0) return await setUnclaimableAside(collection, only, claim, error as Error);
    // One of them stands in the way of the others: what has been claimed by then has the token already.
    for (const id of ids) await takeQueued(collection, [id], claim);
    return findClaimed(collection, ids, claim);
  }
}

async function takeMany(collection: Collection<Task>, ids: readonly string[], claim: Claim): Promise<Task[]> {
  const queued = { _id: { $in: [...ids] }, state: 'queued' as const };
  const { modifiedCount } = await collection.updateMany(queued, changeOf(claim), { writeConcern });
  return modifiedCount === 0 ? [] : findClaimed(collection, ids, claim);
}

async function setUnclaimableAside(collection: Collection<Task>, id: string, claim: Claim, why: Error): Promise<[]> {
  const error = { name: 'TaskError', message: `cannot be claimed: ${why.message}` };
  await setAside(collection, { _id: id }, 'queued', error, claim.now);
  return [];
}

async function findClaimed(collection: Collection<Task>, ids: readonly string[], { token }: Claim): Promise<Task[]> {
  const found = collection.find({ _id: { $in: [...ids] }, token }).batchSize(inOneReply(ids.length));
  const tasks = await found.toArray();
  const rank = new Map(ids.map((id, index) => [id, index]));
  return tasks.sort((a, b) => rank.get(a._id)! - rank.get(b._id)!);
}

/** A single task, in one round trip: what somebody waits for mostly comes alone. */
async function takeOne(
  collection: Collection<Task>,
  filter: Filter<Task>,
  claim: Claim,
  options: Pick<FindOneAndUpdateOptions, 'sort' | 'hint'> = {},
): Promise<Task | undefined> {
  const after = { returnDocument: 'after', writeConcern, ...options } as const;
  return (await collection.findOneAndUpdate(filter, changeOf(claim), after)) ?? undefined;
}

/** Not journalled: a claim that the database forgets in a crash is void by its token, and the task queued again. */
const writeConcern = { w: 1 };

function changeOf({ owner, token, now, leaseUntil }: Claim): UpdateFilter<Task> {
  const claimed = { state: 'running', owner, token, leaseUntil, claimedAt: now } as const;
  // Where it stood in the queue counts no more: its handler sees when it was due.
  return { $set: claimed, $unset: { recurringKey: '' }, $rename: { ownDue: 'dueDate' } };
}
