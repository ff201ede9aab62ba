import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { MeteorError } from '../../shared/meteor-error';
import { Tracker } from '../../tracker/tracker';
import { connection } from '../connection';
import type { Callback, Login } from './login';

/** A password leaves the page only as a digest. */
export const hashPassword = (password: string) => ({
  digest: bytesToHex(sha256(utf8ToBytes(password))),
  algorithm: 'sha-256',
});

/** A name, an address (a text with an @), or an object with one key. */
export type Who = string | { id: string } | { username: string } | { email: string };

interface NewUser {
  username?: string;
  email?: string;
  password?: string;
  profile?: object;
  [more: string]: unknown;
}

/** Calls of the package accounts-password. Each calls back, without an error if it succeeded. */
export function passwordCalls(login: Login) {
  const loginWithPassword = (who: Who, password: string, callback?: Callback, code?: string): void => {
    const user = typeof who !== 'string' ? who : who.includes('@') ? { email: who } : { username: who };
    const options = { user, password: hashPassword(password), ...(code ? { code } : {}) };
    login.call({ methodArguments: [options], userCallback: callback ?? thrower });
  };

  const createUser = (options: NewUser, callback?: Callback): void => {
    const { password } = options;
    if (typeof password !== 'string') throw new Error('options.password must be a string');
    unlessRefused(refusalOf(password), callback, () => {
      const hashed = { ...options, password: hashPassword(password) };
      login.call({ methodName: 'createUser', methodArguments: [hashed], userCallback: callback });
    });
  };

  return {
    loginWithPassword,
    createUser,

    createUserAsync: (options: NewUser): Promise<void> =>
      new Promise((resolve, reject) => createUser(options, error => (error ? reject(error) : resolve()))),

    changePassword(oldPassword: string | null, newPassword: string, callback?: Callback): void {
      const isIn = Tracker.nonreactive(() => connection.userId());
      const refused = isIn ? refusalOf(newPassword) : new Error('Must be logged in to change password.');
      unlessRefused(refused, callback, () => {
        const passwords = [oldPassword ? hashPassword(oldPassword) : null, hashPassword(newPassword)];
        connection.apply('changePassword', passwords, {}, (error, result) => {
          if (error || !result) report(error ?? new Error('No result from changePassword.'), callback);
          else callback?.();
        });
      });
    },

    forgotPassword(options: { email?: string }, callback?: Callback): void {
      const refused = options.email ? undefined : new MeteorError(400, 'Must pass options.email');
      unlessRefused(refused, callback, () =>
        connection.apply('forgotPassword', [options], {}, callback && (error => callback(error))),
      );
    },

    resetPassword(token: string, newPassword: string, callback?: Callback): void {
      const isText = typeof token === 'string';
      const refused = isText ? refusalOf(newPassword) : new MeteorError(400, 'Token must be a string');
      unlessRefused(refused, callback, () => {
        const methodArguments = [token, hashPassword(newPassword)];
        login.call({ methodName: 'resetPassword', methodArguments, userCallback: callback });
      });
    },

    verifyEmail(token: string, callback?: Callback): void {
      const refused = token ? undefined : new MeteorError(400, 'Need to pass token');
      unlessRefused(refused, callback, () =>
        login.call({ methodName: 'verifyEmail', methodArguments: [token], userCallback: callback }),
      );
    },
  };
}

function unlessRefused(refused: Error | undefined, callback: Callback | undefined, call: () => void): void {
  if (refused) report(refused, callback);
  else call();
}

function refusalOf(password: unknown): MeteorError | undefined {
  if (typeof password !== 'string') return new MeteorError(400, 'Password must be a string');
  return password ? undefined : new MeteorError(400, 'Password may not be empty');
}

const thrower: Callback = error => {
  if (error) throw error;
};

function report(error: Error, callback: Callback | undefined): void {
  if (!callback) throw error;
  callback(error);
}
