import { settings } from '../boot/settings';
import { startup } from '../boot/startup';
import { type Connection, currentMethodInvocation, currentPublicationInvocation } from '../ddp/current';
import { ddpServer } from '../ddp/ddp-server';
import { DDPRateLimiter } from '../ddp/rate-limiter';
import { Meteor } from '../modules/meteor';
import { AccountsConfig, type AccountsOptions } from '../shared/accounts-config';
import { setPassword } from './change-password';
import { ConnectionTokens } from './connection-tokens';
import { credentialsError } from './credentials-error';
import { findUserBy } from './find-users';
import { LoginAttempts } from './login-attempts';
import { LoginHandlers, resumeHandler } from './login-handlers';
import {
  expireTokens,
  hashStamped,
  hashToken,
  makeToken,
  removeToken,
  type StampedToken,
  storeHashedToken,
} from './login-token';
import { defaultTemplates, type MailSettings, Mails } from './mails';
import { loginMethods, logoutHooks } from './methods';
import { addEmail, removeEmail, setUsername } from './names';
import { type NewUserOptions, NewUsers } from './new-users';
import { PasswordLogin } from './password-login';
import { createUserAndMail, passwordMethods } from './password-methods';
import type { Password } from './passwords';
import { UserPublications } from './publications';
import { createUserIndexes, findUser, type User, users } from './users';

interface UserFields {
  fields?: Record<string, unknown>;
}

const fromSettings = settings.packages as Record<string, AccountsOptions> | undefined;
const config = new AccountsConfig({ ...fromSettings?.accounts, ...fromSettings?.['accounts-base'] });
const error = credentialsError(config);
const tokens = new ConnectionTokens();
const attempts = new LoginAttempts({ tokens, config });
const handlers = new LoginHandlers();
const passwords = new PasswordLogin(config, error);
const newUsers = new NewUsers(config, error);
const mails: Mails = new Mails((): MailSettings => Accounts, error);
const publications = new UserPublications(config);
const parts = { config, error, tokens, attempts, handlers, passwords, newUsers, mails };

/** @throws outside of methods and publications, where there is no current user, as on Meteor */
function userId(): string | null {
  const running = currentMethodInvocation.get() ?? currentPublicationInvocation.get();
  if (!running) throw new Error('Meteor.userId can only be invoked in method calls or publications.');
  return running.userId;
}

async function userAsync(options?: UserFields): Promise<User | null | undefined> {
  const id = userId();
  return id ? findUser(id, config.withDefaultFields(options)) : null;
}

const link =
  (path: string) =>
  (token: string, extraParams: Record<string, string> = {}): string => {
    const url = new URL(Meteor.absoluteUrl(`#/${path}/${token}`));
    for (const [name, value] of Object.entries(extraParams)) url.searchParams.append(name, value);
    return url.toString();
  };

const hooks = {
  validateLoginAttempt: attempts.validate.register.bind(attempts.validate),
  onLogin: attempts.success.register.bind(attempts.success),
  onLoginFailure: attempts.failure.register.bind(attempts.failure),
  onLogout: logoutHooks.register.bind(logoutHooks),
  onCreateUser: newUsers.onCreateUser.bind(newUsers),
  validateNewUser: newUsers.validateNewUser.bind(newUsers),
  registerLoginHandler: handlers.register.bind(handlers),
};

const ofUsers = {
  createUser: (options: NewUserOptions) => newUsers.create(options),
  createUserAsync: (options: NewUserOptions) => newUsers.create(options),
  createUserVerifyingEmail: (options: NewUserOptions) => createUserAndMail(parts, options),
  findUserByUsername: (username: string, options?: UserFields) => findUserBy(config, { username }, options),
  findUserByEmail: (email: string, options?: UserFields) => findUserBy(config, { email }, options),
  setUsername: (id: string, username: string) => setUsername(error, id, username),
  addEmailAsync: (id: string, address: string, verified?: boolean) => addEmail(error, id, address, verified),
  removeEmail,
  setPasswordAsync: (id: string, password: string, options?: { logout?: boolean }) =>
    setPassword(parts, id, password, options),
};

const ofMails = {
  urls: {
    resetPassword: link('reset-password'),
    verifyEmail: link('verify-email'),
    enrollAccount: link('enroll-account'),
  },
  emailTemplates: defaultTemplates(Meteor.absoluteUrl()),
  sendResetPasswordEmail: mails.sendResetPassword,
  sendEnrollmentEmail: mails.sendEnrollment,
  sendVerificationEmail: mails.sendVerification,
  generateResetToken: mails.giveResetToken,
  generateVerificationToken: mails.giveVerificationToken,
  generateOptionsForEmail: mails.options,
};

/** Undocumented in Meteor. Apps with their own ways to log in use these. */
const ofTokens = {
  _options: config.options,
  _generateStampedLoginToken: makeToken,
  _hashLoginToken: hashToken,
  _hashStampedToken: hashStamped,
  _insertLoginToken: (id: string, token: StampedToken, query?: object) =>
    storeHashedToken(id, hashStamped(token), query),
  _insertHashedLoginToken: storeHashedToken,
  _getLoginToken: (connectionId: string) => tokens.of({ id: connectionId }),
  _setLoginToken: (id: string, connection: Connection, hashed: string | null) => tokens.set(connection, id, hashed),
  _checkPasswordAsync: (user: User, password: Password) => passwords.check(user, password),
  _tokenExpiration: (when: Date) => config.tokenExpiration(when),
  destroyToken: removeToken,
};

let rateLimit: string | undefined;

/** `meteor/accounts-base` with what `meteor/accounts-password` adds to it, on the server. */
export const Accounts = {
  users,
  userId,
  userAsync,
  user: userAsync,
  config: (options: AccountsOptions) => config.set(options),
  setDefaultPublishFields: publications.setDefaultFields.bind(publications),
  ...hooks,
  ...ofUsers,
  ...ofMails,
  ...ofTokens,

  /** Allows each connection five calls of each of these methods in ten seconds. */
  addDefaultRateLimit(): void {
    const limited = ['login', 'createUser', 'resetPassword', 'forgotPassword'];
    const name = (method: string) => limited.includes(method);
    rateLimit ??= DDPRateLimiter.addRule({ type: 'method', name, connectionId: () => true }, 5, 10_000);
  },

  removeDefaultRateLimit(): boolean {
    const removed = DDPRateLimiter.removeRule(rateLimit ?? '');
    rateLimit = undefined;
    return removed;
  },
};

handlers.register('resume', resumeHandler(config));
handlers.register('password', options => passwords.outcome(options));
ddpServer.methods({ ...loginMethods(parts), ...passwordMethods(parts) });
publications.start();
startup(createUserIndexes);
expireTokens(config);
Accounts.addDefaultRateLimit();
Object.assign(Meteor, { users, userId, userAsync, user: userAsync });
