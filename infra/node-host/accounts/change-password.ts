import type { Connection } from '../ddp/current';
import type { AccountsConfig } from '../shared/accounts-config';
import { check, Match } from '../shared/check';
import { MeteorError } from '../shared/meteor-error';
import type { ConnectionTokens } from './connection-tokens';
import { allTokensBut } from './login-token';
import type { PasswordLogin } from './password-login';
import { hashPassword, newPasswordPattern, type Password, passwordPattern } from './passwords';
import { findUser, users } from './users';

interface Parts {
  config: AccountsConfig;
  passwords: PasswordLogin;
  tokens: ConnectionTokens;
}

/** Replaces a password whose old value the caller knows. This login stays; all other logins of the user end. */
export async function changePassword(
  { config, passwords, tokens }: Parts,
  { userId, connection }: { userId: string | null; connection: unknown },
  oldPassword: Password,
  newPassword: Password,
): Promise<{ passwordChanged: true }> {
  const { passwordMaxLength } = config.options;
  check(oldPassword, passwordPattern(passwordMaxLength));
  check(newPassword, newPasswordPattern(passwordMaxLength));
  if (!userId) throw new MeteorError(401, 'Must be logged in');
  const { error } = await passwords.check(await passwords.userWithPassword({ id: userId }), oldPassword);
  if (error) throw error;
  await users.updateAsync(userId, {
    $set: { 'services.password.bcrypt': await hashPassword(newPassword, config.bcryptRounds) },
    ...allTokensBut(tokens.of(connection as Connection)),
    $unset: { 'services.password.reset': 1 },
  });
  return { passwordChanged: true };
}

/** Sets a password without the old one. @param options `logout: false` keeps the user's logins */
export async function setPassword(
  { config }: Pick<Parts, 'config'>,
  userId: string,
  newPassword: string,
  options?: { logout?: boolean } | null,
): Promise<void> {
  check(userId, String);
  check(newPassword, String);
  check(newPassword, newPasswordPattern(config.options.passwordMaxLength));
  check(options, Match.Maybe({ logout: Match.Optional(Boolean) }));
  if (!(await findUser(userId, { fields: { _id: 1 } }))) throw new MeteorError(403, 'User not found');
  const logout = options?.logout ?? true;
  await users.updateAsync(userId, {
    $set: { 'services.password.bcrypt': await hashPassword(newPassword, config.bcryptRounds) },
    $unset: { 'services.password.reset': 1, ...(logout ? { 'services.resume.loginTokens': 1 } : {}) },
  });
}
