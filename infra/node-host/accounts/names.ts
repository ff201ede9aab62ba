import { check, Match } from '../shared/check';
import { MeteorError } from '../shared/meteor-error';
import type { CredentialsError } from './credentials-error';
import { refuseTaken, sameInAnyCase } from './find-users';
import { addressesOf, findUser, type User, users } from './users';

/** Sets the user name. @throws when another user has it, in any case */
export async function setUsername(error: CredentialsError, userId: string, username: string): Promise<void> {
  check(userId, Match.NonEmptyString);
  check(username, Match.NonEmptyString);
  const user = await findUser(userId, { fields: { username: 1 } });
  if (!user) throw error('User not found');
  const set = (name: string | undefined) =>
    users.updateAsync(userId, name === undefined ? { $unset: { username: 1 } } : { $set: { username: name } });
  await unlessTaken(
    () => refuseTaken(error, 'username', username, userId),
    () => set(username),
    () => set(user.username),
  );
}

/** Adds an address, and replaces the user's own one in another case. @throws when another user has it, in any case */
export async function addEmail(
  error: CredentialsError,
  userId: string,
  address: string,
  verified = false,
): Promise<void> {
  check(userId, Match.NonEmptyString);
  check(address, Match.NonEmptyString);
  check(verified, Boolean);
  const user = await userWithEmails(userId);
  const own = addressesOf(user).filter(known => sameInAnyCase(address).test(known));
  for (const known of own)
    await users.updateAsync(
      { _id: userId, 'emails.address': known },
      { $set: { 'emails.$.address': address, 'emails.$.verified': verified } },
    );
  if (own.length > 0) return;
  await unlessTaken(
    () => refuseTaken(error, 'email', address, userId),
    () => users.updateAsync(userId, { $addToSet: { emails: { address, verified } } }),
    () => users.updateAsync(userId, { $pull: { emails: { address } } }),
  );
}

export async function removeEmail(userId: string, address: string): Promise<void> {
  check(userId, Match.NonEmptyString);
  check(address, Match.NonEmptyString);
  await userWithEmails(userId);
  await users.updateAsync(userId, { $pull: { emails: { address } } });
}

async function userWithEmails(userId: string): Promise<User> {
  const user = await findUser(userId, { fields: { emails: 1 } });
  if (!user) throw new MeteorError(403, 'User not found');
  return user;
}

/** Another user may take the name between check and write. The write is then undone. */
async function unlessTaken(
  refuse: () => Promise<void>,
  write: () => Promise<unknown>,
  undo: () => Promise<unknown>,
): Promise<void> {
  await refuse();
  await write();
  try {
    await refuse();
  } catch (error) {
    await undo();
    throw error;
  }
}
