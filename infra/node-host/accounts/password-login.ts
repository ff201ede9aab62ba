import { textOf } from '../../errors/plain-error';
import { outsideOfAll } from '../environment';
import type { AccountsConfig } from '../shared/accounts-config';
import { check, Match } from '../shared/check';
import type { MeteorError } from '../shared/meteor-error';
import type { CredentialsError } from './credentials-error';
import { findUserBy, type UserQuery, userQueryPattern } from './find-users';
import type { LoginOutcome } from './login-attempts';
import { hashPassword, isPassword, type Password, passwordPattern, roundsOf } from './passwords';
import { type User, users } from './users';

/** Finds users by name and password. */
export class PasswordLogin {
  constructor(
    private readonly config: AccountsConfig,
    private readonly error: CredentialsError,
  ) {}

  /** A handler of `login`. */
  async outcome(options: { user: UserQuery; password?: Password }): Promise<LoginOutcome | undefined> {
    if (!options.password) return undefined;
    const password = passwordPattern(this.config.options.passwordMaxLength);
    check(options, { user: userQueryPattern, password, code: Match.Optional(Match.NonEmptyString) });
    return this.check(await this.userWithPassword(options.user), options.password);
  }

  /** @throws if there is no such user, or none with a password */
  async userWithPassword(query: UserQuery): Promise<User> {
    const user = await findUserBy(this.config, query, { fields: { services: 1 } });
    if (!user) throw this.error('User not found');
    if (!user.services?.password?.bcrypt) throw this.error('User has no password set');
    return user;
  }

  /** @param user with its services */
  async check(user: User, password: Password): Promise<{ userId: string; error?: MeteorError }> {
    const stored = user.services!.password!.bcrypt!;
    if (!(await isPassword(password, stored))) return { userId: user._id, error: this.error('Incorrect password') };
    if (roundsOf(stored) !== this.config.bcryptRounds) outsideOfAll(() => void this.store(user._id, password, stored));
    return { userId: user._id };
  }

  /** Rehashes a password with the configured rounds, unless it has changed meanwhile. The login doesn't wait for it. */
  private async store(userId: string, password: Password, stored: string): Promise<void> {
    try {
      const bcrypt = await hashPassword(password, this.config.bcryptRounds);
      const unchanged = { _id: userId, 'services.password.bcrypt': stored };
      await users.updateAsync(unchanged, { $set: { 'services.password.bcrypt': bcrypt } });
    } catch (error) {
      console.error('A password could not be rehashed:', textOf(error));
    }
  }
}
