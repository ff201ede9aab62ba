import type { AppCatalog } from '../catalog';
import { TaskQueueOf } from './task-queue';

/**
 * The app's queue, typed by the app's catalog. A role gives it the catalog and connects it at start; until then every
 * call says so.
 *
 * @example await TaskQueue.addTask({ taskType: 'buildReport', data: { rows: 500, owner } });
 */
export const TaskQueue = new TaskQueueOf<AppCatalog>();

export type { QueueCounts, StateCounts } from './counts';
export { DuplicateTaskError, DuplicateTasksError, InvalidTaskError, TaskNotConfirmedError } from './errors';
export type { AddOptions, NewTask } from './new-task';
export type { QueueEvent, QueueEventName, QueueListener } from './queue-events';
export type { Sender, Task, TaskState } from './task';
export { type QueueConnection, TaskQueueOf } from './task-queue';
export { withinTask } from './within-task';
