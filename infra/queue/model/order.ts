import type { Place, Task } from './task';

/** What the order in the queue looks at. */
export type Ordered = Pick<Task, '_id' | 'priority' | 'place' | 'dueDate'>;

/** The order of the queue, for MongoDB's sort and index. `compareTasks` is the same order for memory. */
export const queueOrder = { priority: -1, place: 1, dueDate: 1, _id: 1 } as const;

/** Priority (high first), then what was interrupted, then front before back, then due date, then `_id`. */
export function compareTasks(a: Ordered, b: Ordered): number {
  return (
    b.priority - a.priority ||
    a.place - b.place ||
    Number(a.dueDate) - Number(b.dueDate) ||
    (a._id < b._id ? -1 : Number(a._id > b._id))
  );
}

/** Of a task that was interrupted: before its equals, and of those that were, who came to the front on purpose first. */
export function placeOfInterrupted(place: Place): Place {
  return place < 0 ? place : ((place - 2) as Place);
}

/** The place that a task was added to: what failed by itself has no claim to go first. */
export function placeAsAdded(place: Place): Place {
  return place < 0 ? ((place + 2) as Place) : place;
}
