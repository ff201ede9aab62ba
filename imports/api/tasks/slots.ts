import { Meteor } from 'meteor/meteor';
import { DuplicateTaskError, TaskQueue } from '../../../infra/queue';

type NewTask = Parameters<typeof TaskQueue.addTask>[0];

/** What may wait or run at once of one kind, for one visitor: `count` slots. */
interface Slots {
  key: string;
  count: number;
  /** What the visitor reads when all are taken. */
  full: string;
}

/** The `uniqueKey` of one slot: the queue's unique index lets one live task have it, however many ask at once. */
export const slotKey = ({ key }: Pick<Slots, 'key'>, slot: number) => `${key}:${slot}`;

/**
 * Adds a task in the first free slot. Counting first and adding then would let ten connections add ten.
 *
 * @throws Meteor.Error `too-many` where all slots are taken.
 */
export async function addInFreeSlot(task: NewTask, slots: Slots): Promise<string> {
  for (let slot = 0; slot < slots.count; slot += 1) {
    const id = await addInSlot(task, slotKey(slots, slot));
    if (id !== undefined) return id;
  }
  throw new Meteor.Error('too-many', slots.full);
}

async function addInSlot(task: NewTask, uniqueKey: string): Promise<string | undefined> {
  try {
    return await TaskQueue.addTask({ ...task, uniqueKey });
  } catch (error) {
    if (error instanceof DuplicateTaskError && error.field === 'uniqueKey') return undefined;
    throw error;
  }
}
