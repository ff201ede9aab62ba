import type { AccountsConfig } from '../shared/accounts-config';
import { check } from '../shared/check';
import { MeteorError } from '../shared/meteor-error';
import { type LoginInvocation, type LoginOutcome, outcomeOf } from './login-attempts';
import { hashStoredToken, hashToken } from './login-token';
import { findUser } from './users';

export type LoginHandler = (this: LoginInvocation, options: never) => unknown;

/** The handlers of the method `login`, in the order in which they were registered. */
export class LoginHandlers {
  private readonly handlers: { name: string | null; handler: LoginHandler }[] = [];

  /** @param handler returns an outcome, or undefined when the options are for another handler */
  register(name: string | LoginHandler, handler?: LoginHandler): void {
    this.handlers.push(typeof name === 'string' ? { name, handler: handler! } : { name: null, handler: name });
  }

  async run(invocation: LoginInvocation, options: object): Promise<LoginOutcome> {
    for (const { name, handler } of this.handlers) {
      const outcome = await outcomeOf(name, () => handler.call(invocation, options as never));
      if (outcome) return outcome;
      if (outcome !== undefined) throw new MeteorError(400, 'A login handler should return a result or undefined');
    }
    return { type: null, error: new MeteorError(400, 'Unrecognized options for login request') };
  }
}

/** Logs in by the token of an earlier login. */
export function resumeHandler(config: AccountsConfig) {
  return async ({ resume }: { resume?: unknown }): Promise<LoginOutcome | undefined> => {
    if (!resume) return undefined;
    check(resume, String);
    const token = resume as string;
    const found = await findByToken(token);
    if (!found) return refused("You've been logged out by the server. Please log in again.");
    const { userId, when, isHashed } = found;
    if (new Date() >= config.tokenExpiration(when))
      return { userId, ...refused('Your session has expired. Please log in again.') };
    if (!isHashed) await hashStoredToken(userId, { token, when });
    return { userId, stampedLoginToken: { token, when } };
  };
}

const refused = (reason: string) => ({ error: new MeteorError(403, reason) });

async function findByToken(token: string) {
  const hashedToken = hashToken(token);
  const path = 'services.resume.loginTokens';
  const fields = { [path]: 1 };
  // The token itself goes to the database only when no user has its hash.
  const user =
    (await findUser({ [`${path}.hashedToken`]: hashedToken }, { fields })) ??
    (await findUser({ $or: [{ [`${path}.hashedToken`]: hashedToken }, { [`${path}.token`]: token }] }, { fields }));
  const stored = user?.services?.resume?.loginTokens?.find(
    each => each.hashedToken === hashedToken || each.token === token,
  );
  return stored && { userId: user!._id, when: stored.when, isHashed: stored.hashedToken !== undefined };
}
