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

/** Where a task stands among its equals. It is stored as one number (`Task.place`), by which an index can sort. */
export interface Standing {
  /** It was added before its equals. */
  front: boolean;
  /** It waits again after an interruption that was not its own fault: it goes before all that were not interrupted. */
  interrupted: boolean;
}

export function placeOf({ front, interrupted }: Standing): Place {
  return ((front ? 0 : 1) - (interrupted ? 2 : 0)) as Place;
}

export function standingOf(place: Place): Standing {
  return { front: place % 2 === 0, interrupted: place < 0 };
}

/** Of an interrupted task: before its equals, and among the interrupted ones, those first that were added in front. */
export function placeOfInterrupted(place: Place): Place {
  return placeOf({ ...standingOf(place), interrupted: true });
}

/** The place that a task was added to: what failed by itself has no claim to go first. */
export function placeAsAdded(place: Place): Place {
  return placeOf({ ...standingOf(place), interrupted: false });
}
