import { MeteorError, makeErrorType } from '../meteor-error';

export const MatchError = makeErrorType(
  'Match.Error',
  function (this: Error & { path: string; sanitizedError: MeteorError }, message: string) {
    this.message = `Match error: ${message}`;
    this.path = '';
    // What the other side of a connection may see of it.
    this.sanitizedError = new MeteorError(400, 'Match failed');
  },
);
