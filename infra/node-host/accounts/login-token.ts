import { createHash } from 'node:crypto';
import { Random } from '../shared/random';
import { users } from './users';

/** A login token as its owner has it. */
export interface StampedToken {
  token: string;
  when: Date;
}

/** A login token as the database has it: who reads it there can't log in by it. */
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

/** @param query what else must be true of the user */
export async function storeHashedToken(userId: string, hashed: HashedToken, query: object = {}): Promise<void> {
  await users.updateAsync({ ...query, _id: userId }, { $addToSet: { [tokens]: hashed } });
}

/** Whoever is logged in by it is disconnected. */
export async function removeToken(userId: string, hashed: string): Promise<void> {
  await users.updateAsync(userId, { $pull: { [tokens]: { $or: [{ hashedToken: hashed }, { token: hashed }] } } });
}

/** The modifier that leaves a user with one token. */
export const allTokensBut = (hashed: string | undefined) => ({ $pull: { [tokens]: { hashedToken: { $ne: hashed } } } });

export async function removeAllTokens(userId: string): Promise<void> {
  await users.updateAsync(userId, { $set: { [tokens]: [] } });
}

/** A token of an old Meteor takes the form of today, unless it has been taken away meanwhile. */
export async function hashStoredToken(userId: string, { token, when }: StampedToken): Promise<void> {
  await storeHashedToken(userId, { hashedToken: hashToken(token), when }, { [`${tokens}.token`]: token });
  // Only now: somebody else who resumes at this moment finds one of the two.
  await users.updateAsync(userId, { $pull: { [tokens]: { token } } });
}
