import { Mongo } from 'meteor/mongo';
import { liveStates, type Task } from '../../../infra/queue/model/task';
import type { TaskType } from '../../tasks/catalog';

/**
 * The queue as Meteor sees it, to be watched only: the one who writes to it is the TaskQueue. Server only.
 *
 * A published cursor over it needs a `limit`: Meteor then asks again from time to time. Without one Meteor 3.5 would
 * follow the whole collection, and 20,000 tasks that are added at once would all pass through the web role.
 */
export const QueuedTasks = new Mongo.Collection<Task>('taskQueue', { defineMutationMethods: false });

/** How many of the owner's tasks of this type wait or run. The queue has an index by owner: `ownerField` of the app. */
export async function countLive(owner: string, taskType: TaskType): Promise<number> {
  return QueuedTasks.find({ 'data.owner': owner, taskType, state: { $in: [...liveStates] } }).countAsync();
}

/** Which of these ids belong to tasks that wait or run. @public */
export async function liveAmong(ids: readonly string[]): Promise<Set<string>> {
  const selector = { _id: { $in: [...ids] }, state: { $in: [...liveStates] } };
  const found = await QueuedTasks.find(selector, { fields: { _id: 1 } }).fetchAsync();
  return new Set(found.map(({ _id }) => _id));
}
