import { Meteor } from 'meteor/meteor';
import { TaskQueue } from '../../../infra/queue';

/** Puts a task back in the queue. @throws Meteor.Error `not-retriable` where it has not ended without a result. */
export async function retry(taskId: string): Promise<void> {
  if (await TaskQueue.retry(taskId)) return;
  throw notRetriable();
}

export const notRetriable = () =>
  new Meteor.Error('not-retriable', 'It cannot be tried again: it waits or runs already, or is done.');
