import { Mongo } from 'meteor/mongo';
import { useFind, useSubscribe } from 'meteor/react-meteor-data';
import type { TaskState } from '../../infra/queue/model/task';
import { type VisitorTask, visitorTasks } from '../api/tasks/schema';
import { call } from './call';

const VisitorTasks = new Mongo.Collection<VisitorTask>(visitorTasks);

/** How the visitor's own tasks are doing, by id. */
export function useTasks(): ReadonlyMap<string, VisitorTask> {
  useSubscribe('tasks.mine');
  const tasks = useFind(() => VisitorTasks.find(), []);
  return new Map(tasks.map(task => [task._id, task]));
}

/** How one task is doing, for whoever asked for it. All but `cancel` is undefined until it is known. */
export interface LiveTask extends Partial<Omit<VisitorTask, 'ahead'>> {
  /** While it waits in line: 1 is the next of its type. */
  position?: number;
  /** Ends it, or asks it to end. @throws Meteor.Error `not-found` where it is not the visitor's own. */
  cancel(): Promise<undefined>;
}

/**
 * One task of the visitor's, live: state, progress, result, error, position. Of somebody else's nothing comes.
 *
 * @param id without one nothing is asked for. @public
 */
export function useTask(id: string | undefined): LiveTask {
  useSubscribe(id && 'tasks.one', id);
  const [task] = useFind(() => VisitorTasks.find({ _id: id ?? '' }), [id]);
  const { ahead, ...known } = task ?? {};
  return {
    ...known,
    ...(ahead !== undefined && { position: ahead + 1 }),
    cancel: () => call('tasks.cancel', id ?? ''),
  };
}

/** Whether something still has to happen to it. */
export const isLive = ({ state }: Pick<LiveTask, 'state'>) =>
  isOneOf(state, 'scheduled', 'waiting', 'queued', 'running');

/** Whether asking again could help: it ended without a result. @public */
export const canRetry = ({ state }: LiveTask) => isOneOf(state, 'failed', 'cancelled', 'rejected');

const isOneOf = (state: TaskState | undefined, ...states: TaskState[]) => state !== undefined && states.includes(state);

/** Whether its handler said that no further try would help: the same photo is broken the same way each time. @public */
export const isHopeless = ({ error }: LiveTask) => error?.name === 'FatalError';

/** What is said of one that waits in line. @public */
export const waitsFor = ({ position = 1 }: LiveTask) =>
  `waiting for a worker${position > 1 ? `, ${position - 1} before it` : ''}`;
