import type { Connection } from '../ddp/current';
import type { MethodHandler } from '../ddp/method-call';
import type { AccountsConfig } from '../shared/accounts-config';
import { check } from '../shared/check';
import { MeteorError } from '../shared/meteor-error';
import type { MethodInvocation } from '../shared/method-invocation';
import { changePassword } from './change-password';
import type { ConnectionTokens } from './connection-tokens';
import type { CredentialsError } from './credentials-error';
import { findUserBy } from './find-users';
import { type LoginAttempts, outcomeOf } from './login-attempts';
import { resetPassword, verifyEmail } from './mail-links';
import type { Mails } from './mails';
import type { NewUserOptions, NewUsers } from './new-users';
import type { PasswordLogin } from './password-login';
import type { Password } from './passwords';
import { addressesOf } from './users';

interface Parts {
  config: AccountsConfig;
  error: CredentialsError;
  tokens: ConnectionTokens;
  attempts: LoginAttempts;
  passwords: PasswordLogin;
  newUsers: NewUsers;
  mails: Mails;
}

/** The methods of the package accounts-password. */
export function passwordMethods(parts: Parts): Record<string, MethodHandler> {
  const { config, error, attempts, mails } = parts;
  /** A method that logs in the user that `find` gives. */
  const loginMethod = <Args extends unknown[]>(
    method: string,
    find: (args: Args, invocation: MethodInvocation) => unknown,
  ) =>
    async function (this: MethodInvocation, ...args: Args) {
      const outcome = await outcomeOf('password', () => find(args, this));
      return attempts.run(this, { method, args }, outcome!);
    };
  return {
    createUser: loginMethod('createUser', async ([options]: [NewUserOptions]) => {
      check(options, Object);
      if (config.options.forbidClientAccountCreation) throw new MeteorError(403, 'Signups forbidden');
      return { userId: await createUserAndMail(parts, options) };
    }),

    changePassword(this: MethodInvocation, oldPassword: Password, newPassword: Password) {
      return changePassword(parts, this, oldPassword, newPassword);
    },

    async forgotPassword(options: { email: string }) {
      check(options, { email: String });
      const user = await findUserBy(config, options, { fields: { emails: 1 } });
      if (!user) throw error('User not found');
      const isSame = (address: string) => address.toLowerCase() === options.email.toLowerCase();
      await mails.sendResetPassword(user._id, addressesOf(user).find(isSame));
    },

    resetPassword: loginMethod('resetPassword', ([token, newPassword]: [string, Password], { connection }) =>
      resetPassword(parts, connection as Connection, token, newPassword),
    ),

    verifyEmail: loginMethod('verifyEmail', ([token]: [string]) => verifyEmail(token)),
  };
}

/** As a visitor's `createUser`: sends the mail that the configuration asks for. */
export async function createUserAndMail(
  { config, newUsers, mails }: Pick<Parts, 'config' | 'newUsers' | 'mails'>,
  options: NewUserOptions,
): Promise<string> {
  const userId = await newUsers.create(options);
  if (options.email && config.options.sendVerificationEmail) {
    if (options.password) await mails.sendVerification(userId, options.email);
    else await mails.sendEnrollment(userId, options.email);
  }
  return userId;
}
