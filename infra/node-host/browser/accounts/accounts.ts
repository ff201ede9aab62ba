import type { SubscriptionHandle } from '../../ddp-client/subscriptions';
import { AccountsConfig, type AccountsOptions } from '../../shared/accounts-config';
import { connection, runtimeConfig } from '../connection';
import { Meteor } from '../modules/meteor';
import { type Callback, Login, type LoginMethodOptions } from './login';
import { MailLinks } from './mail-links';
import { hashPassword, passwordCalls, type Who } from './password-calls';
import { LoginStorage } from './stored-login';
import { type OwnUser, users } from './users';

interface UserFields {
  fields?: Record<string, 0 | 1>;
}

/** The outcome of the login that the browser stored. */
interface ResumedLogin {
  type: 'resume';
  allowed: boolean;
  error?: Error;
  methodName: 'login';
  methodArguments: [{ resume: string }];
}

const ofSettings = runtimeConfig.PUBLIC_SETTINGS?.packages as { accounts?: AccountsOptions } | undefined;
const config = new AccountsConfig(ofSettings?.accounts);
const stored = new LoginStorage();
const login = new Login(config, stored);
const links = new MailLinks();
const { loginWithPassword, ...passwords } = passwordCalls(login);

function configure(options: AccountsOptions): void {
  config.set(options);
  if (options.clientStorage) stored.use(options.clientStorage);
}

/** Reactive. */
const user = (options?: UserFields): OwnUser | null | undefined => {
  const id = connection.userId();
  return id ? (users.findOne(id, config.withDefaultFields(options)) as OwnUser | undefined) : null;
};

const ofMeteor = {
  users,
  user,
  userAsync: async (options?: UserFields) => user(options),
  userId: () => connection.userId(),
  loggingIn: () => login.loggingIn.get(),
  loggingOut: () => login.loggingOut.get(),
  logout: (callback?: Callback) => login.logout(callback),
  logoutOtherClients: (callback?: Callback) => login.logoutOtherClients(callback),
  loginWithToken: (token: string, callback?: Callback) => login.loginWithToken(token, callback),
  loginWithPassword: (who: Who, password: string, callback?: Callback) => loginWithPassword(who, password, callback),
};

let resumed: ResumedLogin | undefined;
const waiting: ((resumed: ResumedLogin) => void)[] = [];
let services: SubscriptionHandle | undefined;

/** `meteor/accounts-base` with what `meteor/accounts-password` adds to it, in the browser. */
export const Accounts = {
  ...ofMeteor,
  ...passwords,
  connection,
  config: configure,
  callLoginMethod: (options: LoginMethodOptions) => login.call(options),
  onLoginFailure: login.onLoginFailure.register.bind(login.onLoginFailure),
  onLogout: login.onLogout.register.bind(login.onLogout),
  onResetPasswordLink: links.on('reset-password'),
  onEmailVerificationLink: links.on('verify-email'),
  onEnrollmentLink: links.on('enroll-account'),

  /** Calls back for each login, also for one that came before. */
  onLogin(callback: Parameters<typeof login.onLogin.register>[0]) {
    if (login.isAnnounced) setTimeout(() => callback({ type: 'resume' } as never), 0);
    return login.onLogin.register(callback);
  },

  /** Calls back when it is known whether the stored login still holds. */
  onPageLoadLogin(callback: (resumed: ResumedLogin) => void): void {
    if (resumed) callback(resumed);
    else waiting.push(callback);
  },

  /** True as soon as the server has answered: the host has no login services to configure. Reactive. */
  loginServicesConfigured(): boolean {
    services ??= connection.subscribe('meteor.loginServiceConfiguration');
    return services.ready();
  },

  _hashPassword: hashPassword,
  _storedLoginToken: () => stored.read()?.token ?? null,
};

Object.assign(Meteor, ofMeteor);
if (config.options.clientStorage) stored.use(config.options.clientStorage);

links.start(() =>
  login.start((token, error) => {
    resumed = { type: 'resume', allowed: !error, error, methodName: 'login', methodArguments: [{ resume: token }] };
    for (const callback of waiting.splice(0)) callback(resumed);
  }),
);
