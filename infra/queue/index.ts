import type { AppCatalog, AppResults } from '../catalog';
import { TaskQueueOf } from './api/task-queue';

/**
 * The app's queue, typed by the app's catalog. A role gives it the catalog and connects it at start; until then every
 * call says so.
 *
 * @example await TaskQueue.addTask({ taskType: 'buildReport', data: { rows: 500, owner } });
 */
export const TaskQueue = new TaskQueueOf<AppCatalog, AppResults>();

export type { BatchHandle, NewBatch } from './api/batch';
export type { CancelledTasks } from './api/cancel-tasks';
export type { QueueConnection } from './api/connected-queue';
export type { QueueCounts, StateCounts } from './api/counts';
export type { ErrorGroupPosition, ErrorGroupQuery, ListedErrorGroup } from './api/error-groups';
export type { Explanation, Reason } from './api/explain';
export type { NewLimits } from './api/limits';
export { type ResultOptions, TaskNotDoneError } from './api/results';
export type { Durations, Figures, Series, SeriesQuery } from './api/statistics';
export { TaskQueueOf } from './api/task-queue';
export type { AddOptions } from './model/add-options';
export { type Batch, type BatchState, batchStates } from './model/batch';
export type { BulkKind, BulkState, BulkWork } from './model/bulk-work';
export { DuplicateTaskError, DuplicateTasksError, InvalidTaskError, TaskNotConfirmedError } from './model/errors';
export type { QueueEvent, QueueEventName, QueueListener } from './model/events';
export type { DataField, NewTask, OfType } from './model/new-task';
export type { Sender, Task, TaskState } from './model/task';
export type { LimitOverride } from './model/type-limits';
export { withinTask } from './model/within-task';
export type { StoredLog } from './store/attempt-logs';
export type { ErrorGroup, ErrorState } from './store/error-groups';
