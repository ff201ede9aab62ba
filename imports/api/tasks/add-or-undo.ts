import { Meteor } from 'meteor/meteor';
import { messageOf } from '../../../infra/errors/plain-error';

/**
 * Adds a task for a document that has just been stored. Where the queue refuses, the document goes again: nothing is
 * left half-asked-for.
 *
 * @throws Meteor.Error `queue-refused` with the queue's own message; an error that is for the visitor as it is.
 */
export async function addOrUndo(add: () => Promise<unknown>, undo: () => Promise<unknown>): Promise<void> {
  try {
    await add();
  } catch (error) {
    await undo();
    throw error instanceof Meteor.Error ? error : new Meteor.Error('queue-refused', messageOf(error));
  }
}
