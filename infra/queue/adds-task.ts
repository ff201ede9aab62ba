import type { AppCatalog, AppTaskType } from '../catalog';
import { TaskQueue } from './index';
import type { NewTask, OfType } from './model/new-task';

/**
 * The job of a schedule: each run adds this task, once. Its `_id` says of which run it is, so that a run that happens
 * twice (its process died in the middle) adds nothing the second time; it is due at the time of the run.
 *
 * @example cron.add({ name: 'clean up', schedule: parser => parser.text('at 2:30 am'), job: addsTask({ taskType: 'cleanUp' }) });
 */
export const addsTask =
  <T extends AppTaskType>(task: OfType<T> & NewTask<AppCatalog, NoInfer<T>>) =>
  (intendedAt: Date, name: string) =>
    TaskQueue.addTask<T>({ ...task, _id: `${name}:${intendedAt.toISOString()}`, once: true, dueDate: intendedAt });
