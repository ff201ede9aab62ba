import { createHash } from 'node:crypto';
import { textOf } from '../../errors/plain-error';
import { startup } from '../boot/startup';
import type { AccountsConfig } from '../shared/accounts-config';
import { Random } from '../shared/random';
import { users } from './users';

/** A login token as its owner has it. */
export interface StampedToken {
  token: string;
  when: Date;
}

/** A login token as the database has it. A leaked database gives no logins. */
export interface HashedToken {
  hashedToken: string;
  when: Date;
}

export const makeToken = (): StampedToken => ({ token: Random.secret(), when: new Date() });

export const hashToken = (token: string): string => createHash('sha256').update(token).digest('base64');

export const hashStamped = ({ token, ...rest }: StampedToken): HashedToken => ({
  ...rest,
  hashedToken: hashToken(token),
});

const tokens = 'services.resume.loginTokens';

/** @param query a further condition on the user */
export async function storeHashedToken(userId: string, hashed: HashedToken, query: object = {}): Promise<void> {
  await users.updateAsync({ ...query, _id: userId }, { $addToSet: { [tokens]: hashed } });
}

/** Also closes the connections that are logged in by it. */
export async function removeToken(userId: string, hashed: string): Promise<void> {
  await users.updateAsync(userId, { $pull: { [tokens]: { $or: [{ hashedToken: hashed }, { token: hashed }] } } });
}

/** The modifier that removes all login tokens but one. */
export const allTokensBut = (hashed: string | undefined) => ({ $pull: { [tokens]: { hashedToken: { $ne: hashed } } } });

export async function removeAllTokens(userId: string): Promise<void> {
  await users.updateAsync(userId, { $set: { [tokens]: [] } });
}

/** Replaces the plain token of an old Meteor by its hash, unless it has been removed meanwhile. */
export async function hashStoredToken(userId: string, { token, when }: StampedToken): Promise<void> {
  await storeHashedToken(userId, { hashedToken: hashToken(token), when }, { [`${tokens}.token`]: token });
  // In this order a second login by the same token always finds one of the two.
  await users.updateAsync(userId, { $pull: { [tokens]: { token } } });
}

const everyMs = 600_000;

/** Removes expired tokens every ten minutes. Connections that are logged in by one of them are closed. */
export function expireTokens(config: AccountsConfig): void {
  startup(() => {
    const sweep = () => removeExpired(config).catch(error => console.error('Expired tokens stay:', textOf(error)));
    setInterval(sweep, everyMs).unref();
  });
}

export async function removeExpired(config: AccountsConfig, now = Date.now()): Promise<void> {
  const logins = 'services.resume.loginTokens';
  const before = olderThan(now - config.loginLifetimeMs);
  await updateAll({ [`${logins}.when`]: before }, { $pull: { [logins]: { when: before } } });
  for (const [kind, lifetimeMs] of [
    ['reset', config.resetLifetimeMs],
    ['enroll', config.enrollLifetimeMs],
  ] as const) {
    const path = `services.password.${kind}`;
    await updateAll({ [`${path}.when`]: olderThan(now - lifetimeMs) }, { $unset: { [path]: '' } });
  }
}

const olderThan = (time: number) => ({ $lt: new Date(time) });

const updateAll = (selector: object, modifier: object) => users.updateAsync(selector, modifier, { multi: true });
