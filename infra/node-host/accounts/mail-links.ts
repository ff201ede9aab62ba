import type { Connection } from '../ddp/current';
import type { AccountsConfig } from '../shared/accounts-config';
import { check } from '../shared/check';
import { MeteorError } from '../shared/meteor-error';
import type { ConnectionTokens } from './connection-tokens';
import type { LoginOutcome } from './login-attempts';
import { removeAllTokens } from './login-token';
import { hashPassword, newPasswordPattern, type Password } from './passwords';
import { addressesOf, findUser, type MailToken, type User, users } from './users';

interface Parts {
  config: AccountsConfig;
  tokens: ConnectionTokens;
}

const refused = (reason: string) => new MeteorError(403, reason);

/** The link of a reset or an enrollment mail: sets a password, verifies the address, ends all logins, and logs in. */
export async function resetPassword(
  { config, tokens }: Parts,
  connection: Connection,
  token: string,
  newPassword: Password,
): Promise<LoginOutcome> {
  check(token, String);
  check(newPassword, newPasswordPattern(config.options.passwordMaxLength));
  const { user, kind, record } = await findByMailToken(token);
  const lifetimeMs = kind === 'enroll' ? config.enrollLifetimeMs : config.resetLifetimeMs;
  if (Date.now() - Number(record.when) > lifetimeMs) throw refused('Token expired');
  const { _id: userId } = user;
  if (!addressesOf(user).includes(record.email)) return { userId, error: refused('Token has invalid email address') };
  const bcrypt = await hashPassword(newPassword, config.bcryptRounds);
  const ownToken = tokens.of(connection);
  // This connection may be logged in by one of the tokens that go now.
  tokens.set(connection, userId, null);
  const updated = await users.updateAsync(
    { _id: userId, 'emails.address': record.email, [`services.password.${kind}.token`]: token },
    {
      $set: { 'services.password.bcrypt': bcrypt, 'emails.$.verified': true },
      $unset: { [`services.password.${kind}`]: 1 },
    },
  );
  if (updated !== 1) {
    tokens.set(connection, userId, ownToken ?? null);
    return { userId, error: refused('Invalid email') };
  }
  await removeAllTokens(userId);
  return { userId };
}

/** @throws when no user has the token */
async function findByMailToken(token: string) {
  for (const kind of ['reset', 'enroll'] as const) {
    const user = await findUser({ [`services.password.${kind}.token`]: token }, { fields: { services: 1, emails: 1 } });
    if (user) return { user, kind, record: user.services!.password![kind] as MailToken };
  }
  throw refused('Token expired');
}

/** The link of a verification mail: the address is verified, and logs in. */
export async function verifyEmail(token: string): Promise<LoginOutcome> {
  check(token, String);
  const path = 'services.email.verificationTokens';
  const user = await findUser({ [`${path}.token`]: token }, { fields: { services: 1, emails: 1 } });
  if (!user) throw refused('Verify email link expired');
  const { _id: userId } = user;
  const address = addressOfToken(user, token);
  if (!address || !addressesOf(user).includes(address))
    return { userId, error: refused('Verify email link is for unknown address') };
  await users.updateAsync(
    { _id: userId, 'emails.address': address },
    { $set: { 'emails.$.verified': true }, $pull: { [path]: { address } } },
  );
  return { userId };
}

const addressOfToken = ({ services }: User, token: string): string | undefined =>
  services?.email?.verificationTokens?.find(record => record.token === token)?.address;
