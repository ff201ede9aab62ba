import { liveStates } from '../../../infra/queue/model/task';
import type { TaskType } from '../../tasks/catalog';
import { QueuedTasks } from './collection';

/** How many of the owner's tasks of this type wait or run. */
export async function countLive(owner: string, taskType: TaskType): Promise<number> {
  return QueuedTasks.find({ 'data.owner': owner, taskType, state: { $in: [...liveStates] } }).countAsync();
}

/** Which of these ids belong to tasks that wait or run. @public */
export async function liveAmong(ids: readonly string[]): Promise<Set<string>> {
  const selector = { _id: { $in: [...ids] }, state: { $in: [...liveStates] } };
  const found = await QueuedTasks.find(selector, { fields: { _id: 1 } }).fetchAsync();
  return new Set(found.map(({ _id }) => _id));
}
