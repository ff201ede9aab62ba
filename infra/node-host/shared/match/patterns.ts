import { MeteorError, makeErrorType } from '../meteor-error';

// What `Match` gives for patterns that are no plain values or constructors.

export class Optional {
  constructor(readonly pattern: unknown) {}
}
export class Maybe {
  constructor(readonly pattern: unknown) {}
}
export class OneOf {
  constructor(readonly choices: unknown[]) {
    if (choices.length === 0) throw new Error('Must provide at least one choice to Match.OneOf');
  }
}
export class Where {
  constructor(readonly condition: (value: unknown) => unknown) {}
}
export class ObjectIncluding {
  constructor(readonly pattern: Record<string, unknown>) {}
}
export class ObjectWithValues {
  constructor(readonly pattern: unknown) {}
}

export const any = ['__any__'];
export const integer = ['__integer__'];
export const nonEmptyString = ['__NonEmptyString__'];

export const MatchError = makeErrorType(
  'Match.Error',
  function (this: Error & { path: string; sanitizedError: MeteorError }, message: string) {
    this.message = `Match error: ${message}`;
    this.path = '';
    // What the other side of a connection may see of it.
    this.sanitizedError = new MeteorError(400, 'Match failed');
  },
);
