import { Priority } from '../../infra/catalog';
import { newTaskId } from '../../infra/queue/model/ids';
import type { Task } from '../../infra/queue/model/task';

/** A queued task, as addTask would make it; the test says what is special about it. */
export function aTask(special: Partial<Task> = {}): Task {
  const now = new Date();
  const dueDate = special.dueDate ?? now;
  return {
    _id: newTaskId(),
    taskType: 'ping',
    data: {},
    state: dueDate > now ? 'scheduled' : 'queued',
    priority: Priority.medium,
    basePriority: special.priority ?? Priority.medium,
    place: 1,
    createdAt: now,
    dueDate,
    attempt: 0,
    attempts: [],
    sender: { appId: 'test', version: '1', rootUrl: 'http://localhost' },
    catalogVersion: 1,
    ...special,
  };
}
