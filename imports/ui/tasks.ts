import { Mongo } from 'meteor/mongo';
import { useFind, useSubscribe } from 'meteor/react-meteor-data';
import { type VisitorTask, visitorTasks } from '../api/tasks/schema';

const VisitorTasks = new Mongo.Collection<VisitorTask>(visitorTasks);

/** How the visitor's own tasks are doing, by id. */
export function useTasks(): ReadonlyMap<string, VisitorTask> {
  useSubscribe('tasks.mine');
  const tasks = useFind(() => VisitorTasks.find(), []);
  return new Map(tasks.map(task => [task._id, task]));
}

/** Whether something still has to happen to it. */
export const isLive = (task: VisitorTask | undefined) =>
  task !== undefined && ['scheduled', 'waiting', 'queued', 'running'].includes(task.state);

/** Whether asking again could help: it ended without a result. @public */
export const canRetry = (task: VisitorTask | undefined) =>
  task !== undefined && ['failed', 'cancelled', 'rejected'].includes(task.state);

/** Whether its handler said that no further try would help: the same photo is broken the same way each time. @public */
export const isHopeless = (task: VisitorTask | undefined) => task?.error?.name === 'FatalError';
