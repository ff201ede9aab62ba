import { type DataIn, defineTasks, Priority, type TaskTypeIn } from '../../infra/catalog';
import { notificationTasks } from './notifications/task-types';
import { pictureTasks } from './pictures/task-types';
import { reportTasks } from './reports/task-types';

/** The longest burn, in seconds, and the most burns that one push of the button starts: the method keeps to both. */
export const maxBurnSeconds = 30;
export const maxBurnTasks = 8;

/**
 * Every task type of the app. To add one: an entry here, its code in `handlers/<name>.ts`, a line in `handlers/index.ts`,
 * and `TaskQueue.addTask({ taskType, data })` where it is wanted.
 */
export const catalog = defineTasks({
  ...reportTasks,
  ...pictureTasks,
  ...notificationTasks,

  /** Keeps one core busy, to see that the web role does not mind. */
  burn: {
    payload: { seconds: { type: Number, min: 0.1, max: maxBurnSeconds }, owner: String },
    priority: Priority.low,
    attempts: 1,
    timeout: 2_000 * maxBurnSeconds,
  },
});

export type Catalog = typeof catalog;

/** The name of a task type. */
export type TaskType = TaskTypeIn<Catalog>;

/** The payload of a task type. */
export type DataOf<T extends TaskType> = DataIn<Catalog, T>;
