import {
  any,
  type Failure,
  failures,
  firstFailure,
  integer,
  MatchError,
  Maybe,
  nonEmptyString,
  ObjectIncluding,
  ObjectWithValues,
  OneOf,
  Optional,
  Where,
} from './match';

/** The patterns of Meteor's package `check` that are no plain values or constructors. */
export const Match = {
  Any: any,
  /** A signed integer of 32 bits. */
  Integer: integer,
  NonEmptyString: nonEmptyString,
  /** The pattern, or undefined; as the value of a key: the pattern, or no such key. */
  Optional: (pattern: unknown) => new Optional(pattern),
  /** As `Optional`, and null as well where it isn't the value of a key. */
  Maybe: (pattern: unknown) => new Maybe(pattern),
  OneOf: (...choices: unknown[]) => new OneOf(choices),
  /** The value that meets the condition; the condition may use `check` itself. */
  Where: (condition: (value: unknown) => unknown) => new Where(condition),
  ObjectIncluding: (pattern: Record<string, unknown>) => new ObjectIncluding(pattern),
  ObjectWithValues: (pattern: unknown) => new ObjectWithValues(pattern),
  Error: MatchError,
  /** Whether the value matches, without an exception. */
  test: (value: unknown, pattern: unknown): boolean => firstFailure(value, pattern) === undefined,
};

/**
 * Checks a value that came from outside.
 *
 * @throws Match.Error with the path of the first field that doesn't match; an array with one error for each such field
 *   where `throwAllErrors` is set
 */
export function check(value: unknown, pattern: unknown, options: { throwAllErrors?: boolean } = {}): void {
  if (options.throwAllErrors) {
    const errors = [...failures(value, pattern)].map(toError);
    if (errors.length > 0) throw errors;
    return;
  }
  const failure = firstFailure(value, pattern);
  if (failure) throw toError(failure);
}

function toError({ message, path }: Failure): Error {
  const error = new MatchError(message);
  if (path) {
    error.message += ` in field ${path}`;
    error.path = path;
  }
  return error;
}
