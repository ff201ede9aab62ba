import type { Connection } from '../ddp/current';
import type { MethodHandler } from '../ddp/method-call';
import type { AccountsConfig } from '../shared/accounts-config';
import { check, Match } from '../shared/check';
import { MeteorError } from '../shared/meteor-error';
import type { MethodInvocation } from '../shared/method-invocation';
import { OrderedHooks } from '../shared/ordered-hooks';
import type { ConnectionTokens } from './connection-tokens';
import type { LoginAttempts } from './login-attempts';
import type { LoginHandlers } from './login-handlers';
import { allTokensBut, hashStamped, makeToken, removeToken, storeHashedToken } from './login-token';
import { findUser, type User, users } from './users';

interface Parts {
  config: AccountsConfig;
  tokens: ConnectionTokens;
  attempts: LoginAttempts;
  handlers: LoginHandlers;
}

export const logoutHooks = new OrderedHooks<{ user?: User; connection: Connection }>('onLogout');

const connectionOf = ({ connection }: MethodInvocation) => connection as Connection;

/** The methods of accounts without passwords. */
export function loginMethods({ config, tokens, attempts, handlers }: Parts): Record<string, MethodHandler> {
  return {
    async login(this: MethodInvocation, ...args: unknown[]) {
      const [options] = args;
      check(options, Object);
      return attempts.run(this, { method: 'login', args }, await handlers.run(this, options as object));
    },

    async logout(this: MethodInvocation) {
      const { userId } = this;
      const connection = connectionOf(this);
      const token = tokens.of(connection);
      // First, so that removing the token doesn't close this connection.
      tokens.set(connection, userId, null);
      if (token && userId) await removeToken(userId, token);
      const user = async () => (userId ? findUser(userId, config.withDefaultFields()) : undefined);
      await logoutHooks.tell(async () => ({ user: await user(), connection }));
      await this.setUserId(null);
    },

    /** The new token expires when the current one does, so that a stolen token can't be kept alive. */
    async getNewToken(this: MethodInvocation) {
      const user = await findUser(this.userId ?? '', { fields: { 'services.resume.loginTokens': 1 } });
      if (!this.userId || !user) throw notLoggedIn();
      const hashedToken = tokens.of(connectionOf(this));
      const current = user.services?.resume?.loginTokens?.find(each => each.hashedToken === hashedToken);
      if (!current || !hashedToken) throw new MeteorError('Invalid login token');
      const stamped = { ...makeToken(), when: current.when };
      await storeHashedToken(this.userId, hashStamped(stamped));
      return attempts.logIn(this, this.userId, stamped);
    },

    async removeOtherTokens(this: MethodInvocation) {
      if (!this.userId) throw notLoggedIn();
      await users.updateAsync(this.userId, allTokensBut(tokens.of(connectionOf(this))));
    },

    /** The host has no login services to configure. */
    configureLoginService(options: unknown) {
      check(options, Match.ObjectIncluding({ service: String }));
      throw new MeteorError(403, 'Service unknown');
    },
  };
}

const notLoggedIn = () => new MeteorError('You are not logged in.');
