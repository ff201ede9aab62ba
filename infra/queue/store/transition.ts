import type { Transition } from '../model/states';
import { type AttemptRecord, attemptsKept } from '../model/task';

/** The fields that a transition sets; those that are not there stay as they are. */
export function fieldsOf(transition: Transition): Partial<Transition> {
  const { sinks: _, goesFirst: __, isKept: ___, ...fields } = transition;
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Partial<Transition>;
}

const always = ['owner', 'leaseUntil', 'claimedAt', 'promotion'] as const;

/**
 * The fields that end with the attempt. What waits for its backoff leaves its slot to others; what was interrupted keeps
 * it. `cancelRequested` stays where the task goes back to wait: a cancel that came while its attempt was ending is then
 * obeyed at the next claim. A task that goes back to wait keeps no progress; a done one shows no error.
 */
export function fieldsToUnset(state: Transition['state']): string[] {
  switch (state) {
    case 'queued':
      return [...always, 'progress'];
    case 'scheduled':
      return [...always, 'slot', 'progress'];
    case 'done':
      return [...always, 'slot', 'cancelRequested', 'error', 'deadlineWatch'];
    case 'failed':
    case 'cancelled':
    case 'rejected':
      return [...always, 'slot', 'waitsFor', 'cancelRequested', 'deadlineWatch'];
  }
}

/** The same in MongoDB's words: what an update's `$unset` takes. */
export function unsetOf(fields: readonly string[]): Record<string, ''> {
  return Object.fromEntries(fields.map(field => [field, '']));
}

/** What a task that is tried afresh no longer has. */
export const fieldsOfTheEnd = [
  'error',
  'finishedAt',
  'expiresAt',
  'deadlineMissed',
  'progress',
  'cancelRequested',
  'snoozes',
  'ownDue',
] as const;

/** Whether a field is there, of this type of BSON. */
export const isA = (type: string, field: string) => ({ $eq: [{ $type: `$${field}` }, type] });

/**
 * `startStateOf` in MongoDB's words, for a task that waits for no others any more.
 *
 * @param isEarly an expression: whether its time has not come.
 */
export function startInMongo(isEarly: object | false) {
  const isLimited = isA('string', 'limitKey');
  return {
    state: { $cond: [isEarly, 'scheduled', { $cond: [isLimited, 'waiting', 'queued'] }] },
    waitsFor: { $cond: [{ $and: [{ $not: [isEarly] }, isLimited] }, 'slot', '$$REMOVE'] },
  };
}

/** The same for one that is due, where those that it comes after are asked about anew. */
export function startAfreshInMongo() {
  const { state, waitsFor } = startInMongo(false);
  const hasPredecessors = isA('array', 'after');
  return {
    state: { $cond: [hasPredecessors, 'waiting', state] },
    waitsFor: { $cond: [hasPredecessors, 'predecessors', waitsFor] },
  };
}

/** The history with one more attempt. */
export function withAttempt(attempts: readonly AttemptRecord[], attempt: AttemptRecord | undefined): AttemptRecord[] {
  return attempt ? [...attempts, attempt].slice(-attemptsKept) : [...attempts];
}

/** The same in MongoDB's words. A place that is no number is somebody else's work: it stays, until a claim rejects it. */
export const placeOfInterruptedInMongo = {
  $cond: [{ $and: [{ $isNumber: '$place' }, { $gte: ['$place', 0] }] }, { $subtract: ['$place', 2] }, '$place'],
};

export const placeAsAddedInMongo = {
  $cond: [{ $and: [{ $isNumber: '$place' }, { $lt: ['$place', 0] }] }, { $add: ['$place', 2] }, '$place'],
};
