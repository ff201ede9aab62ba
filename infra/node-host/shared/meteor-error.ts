/**
 * A class of errors that other code can recognize by `errorType`, also over the wire.
 *
 * @param name the value of `errorType`
 * @param fill sets the fields of a new instance from the constructor's arguments
 */
export function makeErrorType<Args extends unknown[], Fields extends object = object>(
  name: string,
  fill: (this: Error & Fields, ...args: Args) => void,
): new (
  ...args: Args
) => Error & Fields & { errorType: string } {
  class TypedError extends Error {
    errorType!: string;

    constructor(...args: Args) {
      super();
      fill.apply(this as unknown as Error & Fields, args);
      // Set last and as own enumerable fields: this is how errors look in DDP messages.
      this.errorType = name;
    }
  }
  return TypedError as never;
}

/** An error that the other side may see as it is; every other one becomes "Internal server error". */
export class MeteorError extends makeErrorType(
  'Meteor.Error',
  function (
    this: Error & {
      isClientSafe: boolean;
      error: string | number;
      reason?: string;
      details?: unknown;
    },
    error: string | number,
    reason?: string,
    details?: unknown,
  ) {
    this.isClientSafe = true;
    this.error = error;
    this.reason = reason;
    this.details = details;
    this.message = reason ? `${reason} [${error}]` : `[${error}]`;
  },
) {
  declare isClientSafe: boolean;
  declare error: string | number;
  declare reason?: string;
  declare details?: unknown;

  // EJSON copies a message by this before it is sent.
  clone(): MeteorError {
    return new MeteorError(this.error, this.reason, this.details);
  }
}
