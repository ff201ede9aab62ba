import type { AccountsConfig } from '../shared/accounts-config';
import { check, Match } from '../shared/check';
import type { CredentialsError } from './credentials-error';
import { findUser, type User, users } from './users';

/** One of the three. */
export interface UserQuery {
  id?: string;
  username?: string;
  email?: string;
}

/** The pattern of a query from outside for `check`. */
export const userQueryPattern = Match.Where(query => {
  const one = Match.Optional(Match.NonEmptyString);
  check(query, { id: one, username: one, email: one });
  return Object.keys(query as object).length === 1;
});

interface FindOptions {
  fields?: Record<string, unknown>;
}

const pathOf = { username: 'username', email: 'emails.address' } as const;
/** The fields' names in error messages. */
const nameOf = { username: 'Username', email: 'Email' } as const;
type NameField = keyof typeof pathOf;

/** Finds a user by the exact name or address, else the only user who has it in any case. */
export async function findUserBy(
  config: AccountsConfig,
  query: UserQuery,
  given: FindOptions = {},
): Promise<User | null> {
  const options = config.withDefaultFields(given);
  if (query.id) return (await findUser(query.id, options)) ?? null;
  const field = query.username ? 'username' : 'email';
  const value = query[field];
  if (!value) return null;
  const exact = await findUser({ [pathOf[field]]: value }, options);
  if (exact) return exact;
  const similar = (await users.find(inAnyCase(field, value), { ...options, limit: 2 }).fetchAsync()) as User[];
  return similar.length === 1 ? similar[0]! : null;
}

/** @param owner the user who may have it. @throws when another user has it, in any case */
export async function refuseTaken(
  error: CredentialsError,
  field: NameField,
  value: string | undefined,
  owner?: string,
): Promise<void> {
  if (!value) return;
  const options = { fields: { _id: 1 }, limit: 2 };
  const holders = (await users.find(inAnyCase(field, value), options).fetchAsync()) as User[];
  if (holders.some(({ _id }) => _id !== owner)) throw error(`${nameOf[field]} already exists.`);
}

const inAnyCase = (field: NameField, value: string) => ({ [pathOf[field]]: sameInAnyCase(value) });

export const sameInAnyCase = (text: string): RegExp =>
  new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`, 'i');
