import type { Collection, Filter, UpdateFilter } from 'mongodb';
import { compareTasks, type Ordered, queueOrder } from '../order';
import type { Task } from '../task';
import type { Claim, KnownType, Peeked, PeekRequest } from './task-store';

/** MongoDB merges at most 200 scans in order; beyond, it would sort the whole queue. So a long list is asked in parts. */
const scansAtOnce = 150;

type Head = Ordered & Peeked & Pick<Task, 'catalogVersion'>;

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
  const { types, limit, minPriority } = request;
  const heads = await headsOfAll(collection, partsOf(withVersion(types, newestOf(types))), limit, minPriority);
  const versions = new Map(types.map(({ taskType, version }) => [taskType, version]));
  if (heads.every(({ taskType, catalogVersion }) => !(catalogVersion > (versions.get(taskType) ?? 0)))) return heads;
  return headsOfAll(collection, partsOf(types), limit, minPriority);
}

async function headsOfAll(
  collection: Collection<Task>,
  parts: Part[],
  limit: number,
  minPriority: number | undefined,
): Promise<Head[]> {
  const heads = await Promise.all(parts.map(part => headsOf(collection, part, limit, minPriority)));
  const [only = []] = heads;
  return heads.length <= 1 ? only : heads.flat().sort(compareTasks).slice(0, limit);
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

function headsOf(
  collection: Collection<Task>,
  { taskTypes, version }: Part,
  limit: number,
  minPriority: number | undefined,
): Promise<Head[]> {
  // Null stands for a task without a version: nobody but a forger writes one, and a claim shall find and reject it.
  const versions = [null, ...Array.from({ length: version }, (_, index) => index + 1)];
  const filter = {
    state: 'queued',
    taskType: { $in: taskTypes },
    catalogVersion: { $in: versions },
    ...(minPriority !== undefined && { priority: { $gte: minPriority } }),
  } as Filter<Task>;
  return collection
    .find(filter)
    .project<Head>({ _id: 1, taskType: 1, catalogVersion: 1, priority: 1, place: 1, dueDate: 1 })
    .sort(queueOrder)
    .limit(limit)
    .hint('claim')
    .toArray();
}

/** Claims those of `ids` that are still queued: one write, and one read by the fresh token. */
export async function takeQueued(
  collection: Collection<Task>,
  ids: readonly string[],
  { owner, token, now, leaseUntil }: Claim,
): Promise<Task[]> {
  if (ids.length === 0) return [];
  const some = { _id: { $in: [...ids] } };
  const claimed = { state: 'running', owner, token, leaseUntil, claimedAt: now } as const;
  const change = { $set: claimed, $unset: { recurringKey: '' as const } };
  // Not journalled: a claim that the database forgets in a crash is void by its token, and the task queued again.
  const writeConcern = { w: 1 };
  const [only, ...others] = ids;
  if (others.length === 0) return takeOne(collection, only as string, change, writeConcern);
  const { modifiedCount } = await collection.updateMany({ ...some, state: 'queued' }, change, { writeConcern });
  if (modifiedCount === 0) return [];
  const tasks = await collection.find({ ...some, token }).toArray();
  const place = new Map(ids.map((id, index) => [id, index]));
  return tasks.sort((a, b) => place.get(a._id)! - place.get(b._id)!);
}

/** A single task, in one round trip: what somebody waits for mostly comes alone. */
async function takeOne(
  collection: Collection<Task>,
  _id: string,
  change: UpdateFilter<Task>,
  writeConcern: { w: number },
): Promise<Task[]> {
  const after = { returnDocument: 'after', writeConcern } as const;
  const task = await collection.findOneAndUpdate({ _id, state: 'queued' }, change, after);
  return task ? [task] : [];
}
