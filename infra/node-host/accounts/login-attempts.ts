import type { Connection } from '../ddp/current';
import { EJSON } from '../shared/ejson';
import { MeteorError } from '../shared/meteor-error';
import type { MethodInvocation } from '../shared/method-invocation';
import { OrderedHooks } from '../shared/ordered-hooks';
import type { ConnectionTokens } from './connection-tokens';
import { hashStamped, hashToken, makeToken, type StampedToken, storeHashedToken } from './login-token';
import { findUser, type User } from './users';

/** What a login handler found: the user, or an error, or both. */
export interface LoginOutcome {
  userId?: string;
  error?: unknown;
  /** The type of the attempt, if it is not the handler's name. */
  type?: string | null;
  /** The token, if it is in the database already. */
  stampedLoginToken?: StampedToken;
  /** More for the result. */
  options?: object;
}

/** The information for the hooks about an attempt to log in. */
export interface Attempt {
  type: string;
  allowed: boolean;
  methodName: string;
  methodArguments: unknown[];
  user?: User;
  error?: unknown;
  connection: Connection;
}

/** The result of a login method. */
export interface LoginResult {
  id: string;
  token: string;
  tokenExpires: Date;
}

/** A method call that logs in, by a client. */
export type LoginInvocation = Pick<MethodInvocation, 'userId' | 'setUserId'> & { readonly connection: unknown };

interface Dependencies {
  tokens: ConnectionTokens;
  config: { tokenExpiration(when: Date): Date; withDefaultFields(options?: object): object };
}

/** Runs every attempt to log in. The hooks have the last word. */
export class LoginAttempts {
  readonly validate = new OrderedHooks<Attempt>('validateLoginAttempt');
  readonly success = new OrderedHooks<Attempt>('onLogin');
  readonly failure = new OrderedHooks<Attempt>('onLoginFailure');

  constructor(private readonly parts: Dependencies) {}

  /** @throws the reason of a refusal, also to the client */
  async run(
    invocation: LoginInvocation,
    call: { method: string; args: readonly unknown[] },
    outcome: LoginOutcome,
  ): Promise<LoginResult & { type: string }> {
    const attempt = await this.attemptOf(invocation, call, outcome);
    await this.validate.each(callback => judge(attempt, callback));
    if (!attempt.allowed) {
      await this.failure.tell(() => copyOf(attempt));
      throw attempt.error;
    }
    const result = await this.logIn(invocation, outcome.userId!, outcome.stampedLoginToken);
    await this.success.tell(() => copyOf(attempt));
    return { ...result, ...outcome.options, type: attempt.type };
  }

  /** @param stamped a token that is in the database already; a new one without it */
  async logIn(invocation: LoginInvocation, userId: string, stamped?: StampedToken): Promise<LoginResult> {
    const token = stamped ?? makeToken();
    if (!stamped) await storeHashedToken(userId, hashStamped(token));
    // Before the publications run again, so that they see a complete login.
    this.parts.tokens.set(invocation.connection as Connection, userId, hashToken(token.token));
    await invocation.setUserId(userId);
    return { id: userId, token: token.token, tokenExpires: this.parts.config.tokenExpiration(token.when) };
  }

  private async attemptOf(
    { connection }: LoginInvocation,
    { method, args }: { method: string; args: readonly unknown[] },
    { userId, error, type }: LoginOutcome,
  ): Promise<Attempt> {
    if (!userId && !error) throw new Error('A login handler must give a userId or an error');
    const user = userId ? await findUser(userId, this.parts.config.withDefaultFields()) : undefined;
    return {
      type: type || 'unknown',
      allowed: !error,
      methodName: method,
      methodArguments: [...args],
      ...(error ? { error } : {}),
      ...(user ? { user } : {}),
      connection: connection as Connection,
    };
  }
}

/** An error that a validation throws replaces earlier ones. A false result counts only if there is no error yet. */
async function judge(attempt: Attempt, callback: (attempt: Attempt) => unknown): Promise<void> {
  try {
    if (await callback(copyOf(attempt))) return;
    attempt.error ??= new MeteorError(403, 'Login forbidden');
  } catch (error) {
    attempt.error = error;
  }
  attempt.allowed = false;
}

/** Each hook gets its own copy, except of the connection and the error. */
function copyOf({ connection, error, ...rest }: Attempt): Attempt {
  return { ...EJSON.clone(rest), ...(error ? { error } : {}), connection };
}

/** Runs a handler. Its error becomes the outcome. */
export async function outcomeOf(type: string | null, find: () => unknown): Promise<LoginOutcome | undefined> {
  const outcome = await attemptTo(find);
  if (outcome && !outcome.type && type) outcome.type = type;
  return outcome;
}

async function attemptTo(find: () => unknown): Promise<LoginOutcome | undefined> {
  try {
    return (await find()) as LoginOutcome | undefined;
  } catch (error) {
    return { error };
  }
}
