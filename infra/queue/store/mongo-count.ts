import type { Collection } from 'mongodb';
import type { Task } from '../model/task';
import { type KnownType, type LiveCount, versionsOf } from './task-store';

/** Counts what waits and runs from the partial indexes, and stops at `limit` for each type: never a whole scan. */
export async function countLiveTasks(collection: Collection<Task>, limit: number): Promise<LiveCount[]> {
  const types = await queuedTypes(collection);
  const queued = await Promise.all(types.map(taskType => countQueued(collection, taskType, limit)));
  const others = await Promise.all([
    countByType(collection, 'scheduled', 'due', limit),
    countByType(collection, 'waiting', 'waiting', limit),
    countByType(collection, 'running', 'lease', limit),
  ]);
  return [...queued, ...others.flat()];
}

/** More than an app has. Somebody who writes thousands of them into the database shall not keep it busy with counting. */
const mostTypes = 500;

/** The task types of the queued, by one step in the index for each. */
async function queuedTypes(collection: Collection<Task>): Promise<string[]> {
  const types: string[] = [];
  while (types.length < mostTypes) {
    const after = types.at(-1);
    // Texts only: what somebody else wrote without a type, or with a number for one, comes first in the index.
    const filter = { state: 'queued' as const, taskType: after === undefined ? { $gte: '' } : { $gt: after } };
    const [next] = await collection
      .find(filter)
      .project<Pick<Task, 'taskType'>>({ _id: 0, taskType: 1 })
      .sort({ taskType: 1 })
      .hint('claim')
      .limit(1)
      .toArray();
    if (next === undefined) break;
    types.push(next.taskType);
  }
  return types;
}

async function countQueued(collection: Collection<Task>, taskType: string, limit: number): Promise<LiveCount> {
  const filter = { state: 'queued' as const, taskType };
  const count = await collection.countDocuments(filter, { limit, hint: 'claim' });
  const [oldest] = await collection
    .aggregate<{ dueDate: Date }>(
      [{ $match: filter }, { $limit: limit }, { $group: { _id: null, dueDate: { $min: '$dueDate' } } }],
      { hint: 'claim' },
    )
    .toArray();
  return { taskType, state: 'queued', count, ...(oldest && { oldest: oldest.dueDate }) };
}

async function countByType(
  collection: Collection<Task>,
  state: 'scheduled' | 'waiting' | 'running',
  hint: string,
  limit: number,
): Promise<LiveCount[]> {
  const groups = await collection
    .aggregate<{ _id: string; count: number }>(
      [
        { $match: { state } },
        { $limit: limit },
        { $project: { taskType: 1 } },
        { $group: { _id: '$taskType', count: { $sum: 1 } } },
      ],
      { hint },
    )
    .toArray();
  return groups.map(({ _id, count }) => ({ taskType: _id, state, count }));
}

/** Up to ten queued types, or versions of types, that `known` does not cover. */
export async function findUnknownTypes(
  collection: Collection<Task>,
  known: readonly KnownType[],
): Promise<KnownType[]> {
  const types = await queuedTypes(collection);
  const versions = versionsOf(known);
  const newest = await Promise.all(types.map(taskType => newestVersion(collection, taskType)));
  return newest.filter(({ taskType, version }) => version > (versions.get(taskType) ?? 0)).slice(0, 10);
}

async function newestVersion(collection: Collection<Task>, taskType: string): Promise<KnownType> {
  const [newest] = await collection
    .find({ state: 'queued', taskType })
    .project<Pick<Task, 'catalogVersion'>>({ _id: 0, catalogVersion: 1 })
    .sort({ taskType: -1, catalogVersion: -1 })
    .hint('claim')
    .limit(1)
    .toArray();
  return { taskType, version: Number(newest?.catalogVersion ?? 0) };
}
