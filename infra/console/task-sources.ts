import { Priority, unredacted } from '../catalog';
import { messageOf } from '../errors/plain-error';
import { TaskQueue } from '../queue';
import type { ShownLog } from './contract';
import type { TaskSelection } from './targets';
import { parseFilter } from './task-filter';
import { questionOf } from './views/tasks';
import type { AnyQueue } from './views/view';

const snoozeMs = 3_600_000;

async function changeWaiting(id: string, change: { dueDate: Date } | { priority: number }): Promise<void> {
  const notBegun = { _id: id, state: { $in: ['scheduled', 'waiting', 'queued'] as const } };
  if ((await TaskQueue.update(notBegun as never, { $set: change })) === 0)
    throw new Error(`there is no task "${id}" that has not begun`);
}

/** What an operator does to a task, or to many. */
export const taskSources = {
  async runNow(id: string): Promise<void> {
    const change = { $set: { dueDate: TaskQueue.core.clock.now() } };
    if ((await TaskQueue.update({ _id: id, state: 'scheduled' }, change)) === 0)
      throw new Error(`there is no task "${id}" that waits for its due date`);
  },

  /** It waits for an hour from now, or from when it was due. */
  async snooze(id: string): Promise<void> {
    const task = await TaskQueue.findOne(id);
    const from = Math.max(TaskQueue.core.clock.now().getTime(), task?.dueDate.getTime() ?? 0);
    await changeWaiting(id, { dueDate: new Date(from + snoozeMs) });
  },

  /** To high, or above those that are high already. */
  async raise(id: string): Promise<void> {
    const task = await TaskQueue.findOne(id);
    await changeWaiting(id, { priority: Math.max(Priority.high, (task?.priority ?? 0) + 1) });
  },

  async remove(id: string): Promise<void> {
    if ((await TaskQueue.remove({ _id: id, state: { $ne: 'running' } })) === 0)
      throw new Error(`there is no task "${id}" that does not run`);
  },

  async replayMended(id: string, payload: string): Promise<string> {
    const task = await TaskQueue.findOne(id);
    const data = parseJson(payload);
    const { catalog } = TaskQueue.core;
    return TaskQueue.replay(id, { data: task ? unredacted(catalog, task.taskType, data, task.data) : data });
  },

  async bulk({ kind, ids, q }: TaskSelection): Promise<string> {
    if (ids === undefined && q === undefined) throw new Error('give ids, or q: a filter');
    const filter = ids
      ? { _id: { $in: ids } }
      : (await questionOf(TaskQueue as unknown as AnyQueue, parseFilter(q ?? ''))).filter;
    const { _id } = await TaskQueue[`${kind}All`](filter);
    return _id;
  },

  async attemptLog(taskId: string, startedAt: Date): Promise<ShownLog | undefined> {
    const log = await TaskQueue.attemptLog(taskId, startedAt);
    return log && { lines: log.lines, dropped: log.dropped };
  },

  async stopBulk(id: string): Promise<void> {
    if (!(await TaskQueue.stopBulkWork(id))) throw new Error(`there is no bulk work "${id}" that goes on`);
  },
};

/** @throws where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`payload: this is no JSON: ${messageOf(error)}`);
  }
}
