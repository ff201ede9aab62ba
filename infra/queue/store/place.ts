import type { Place } from '../model/task';

/** Of a task that was interrupted: before its equals, and of those that were, who came to the front on purpose first. */
export function placeOfInterrupted(place: Place): Place {
  return place < 0 ? place : ((place - 2) as Place);
}

/** The place that a task was added to: what failed by itself has no claim to go first. */
export function placeAsAdded(place: Place): Place {
  return place < 0 ? ((place + 2) as Place) : place;
}

/** The same in MongoDB's words. A place that is no number is somebody else's work: it stays, until a claim rejects it. */
export const placeOfInterruptedInMongo = {
  $cond: [{ $and: [{ $isNumber: '$place' }, { $gte: ['$place', 0] }] }, { $subtract: ['$place', 2] }, '$place'],
};

export const placeAsAddedInMongo = {
  $cond: [{ $and: [{ $isNumber: '$place' }, { $lt: ['$place', 0] }] }, { $add: ['$place', 2] }, '$place'],
};
