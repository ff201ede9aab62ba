import { check, type Match } from 'meteor/check';
import { Meteor } from 'meteor/meteor';

/**
 * An argument, checked at the border.
 *
 * @param where the method's name, for programs: it is in the error's details, and no person reads it.
 * @throws Meteor.Error `bad-input` that names the field and what it should be.
 */
export function parse<P extends Match.Pattern>(where: string, value: unknown, pattern: P): Match.PatternMatch<P> {
  try {
    check(value, pattern);
    return value as Match.PatternMatch<P>;
  } catch (error) {
    if (!isMatchError(error)) throw error;
    throw badInput(error.message.replace(/^Match error: /, ''), { where });
  }
}

function isMatchError(error: unknown): error is Error {
  return error instanceof Error && (error as { errorType?: string }).errorType === 'Match.Error';
}

/** What a person can put right: the page shows `reason` beside the field. */
export function badInput(reason: string, details?: { where: string }): Meteor.Error {
  return new Meteor.Error('bad-input', reason, details);
}

/**
 * The visitor who calls.
 *
 * @throws Meteor.Error `no-visitor` where the connection has not said who it is.
 */
export function visitorOf({ userId }: { userId: string | null }): string {
  if (!userId) throw new Meteor.Error('no-visitor', 'The server does not know this browser yet. Reload the page.');
  return userId;
}

/** The same answer for what is not there and for what is somebody else's: ids can't be probed. @public */
export function notFound(what: string): Meteor.Error {
  return new Meteor.Error('not-found', `There is no such ${what} of yours.`);
}
