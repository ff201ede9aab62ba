import SimpleSchema from 'simpl-schema';
import { type DataIn, defineTasks, Priority, type TaskTypeIn } from '../../infra/catalog';
import { maxBurnSeconds, maxReportRows } from './limits';

const second = 1_000;
const minute = 60 * second;

/**
 * Every task type of the app. To add one: a line here, its code in `handlers/<name>.ts`, a line in `handlers/index.ts`,
 * and `TaskQueue.addTask({ taskType, data })` where it is wanted.
 */
export const catalog = defineTasks({
  /** An Excel file of the first `rows` sales, for the report with the task's `_id`. */
  buildReport: {
    payload: { rows: { type: SimpleSchema.Integer, min: 1, max: maxReportRows }, owner: String },
    priority: Priority.medium,
    attempts: 3,
    timeout: 10 * minute,
  },

  /** Three thumbnails of the uploaded `file`, for the picture with the task's `_id`. */
  makeThumbnails: {
    payload: { file: String, owner: String },
    priority: Priority.high,
    attempts: 3,
    timeout: 2 * minute,
  },

  /** Tells everybody what happened since the last notification. Added by a schedule, once a minute. */
  sendNotifications: {
    payload: {},
    priority: Priority.high,
    attempts: 5,
    timeout: 30 * second,
  },

  /** Keeps one core busy, to see that the web role does not mind. */
  burn: {
    payload: { seconds: { type: Number, min: 0.1, max: maxBurnSeconds }, owner: String },
    priority: Priority.low,
    attempts: 1,
    timeout: 2 * maxBurnSeconds * second,
  },
});

export type Catalog = typeof catalog;

/** The name of a task type. */
export type TaskType = TaskTypeIn<Catalog>;

/** The payload of a task type. */
export type DataOf<T extends TaskType> = DataIn<Catalog, T>;
