import type { AccountsConfig } from '../shared/accounts-config';
import { MeteorError } from '../shared/meteor-error';

/** An error that would reveal who has an account. By default all such errors read the same. */
export type CredentialsError = (reason: string) => MeteorError;

export const credentialsError =
  ({ options }: AccountsConfig): CredentialsError =>
  reason =>
    new MeteorError(
      403,
      (options.ambiguousErrorMessages ?? true) ? 'Something went wrong. Please check your credentials.' : reason,
    );
