import { Mongo } from 'meteor/mongo';
import type { Task } from '../../../infra/queue/model/task';

/**
 * The queue as Meteor sees it, to be watched only: the one who writes to it is the TaskQueue. Server only.
 *
 * A published cursor over it needs a `limit`: Meteor then asks again from time to time. Without one Meteor 3.5 would
 * follow the whole collection, and 20,000 tasks that are added at once would all pass through the web role.
 */
export const QueuedTasks = new Mongo.Collection<Task>('taskQueue', { defineMutationMethods: false });

/** A visitor's tasks are found by their owner, whatever else is queued. Tasks without an owner cost nothing here. */
export async function ensureTaskIndex(): Promise<void> {
  await QueuedTasks.rawCollection().createIndex(
    { 'data.owner': 1, taskType: 1, createdAt: -1 },
    { partialFilterExpression: { 'data.owner': { $exists: true } }, name: 'byOwner' },
  );
}
