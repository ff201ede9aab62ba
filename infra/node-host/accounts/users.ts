import type { Document } from 'mongodb';
import { Collection } from '../mongo/collection';
import { check } from '../shared/check';
import { MeteorError } from '../shared/meteor-error';
import type { MethodInvocation } from '../shared/method-invocation';

export interface Address {
  address: string;
  verified: boolean;
}

/** A login token as it is stored: hashed, or as Meteor stored it long ago. */
export interface StoredToken {
  when: Date;
  hashedToken?: string;
  token?: string;
}

/** The token of a mail's link, and its purpose. */
export interface MailToken {
  token: string;
  email: string;
  when: Date;
  reason?: string;
  [more: string]: unknown;
}

export interface Services {
  password?: { bcrypt?: string; reset?: MailToken; enroll?: MailToken };
  resume?: { loginTokens?: StoredToken[] };
  email?: { verificationTokens?: { token: string; address: string; when: Date }[] };
  [service: string]: { [field: string]: unknown } | undefined;
}

/** A document of `users`, as Meteor stores it. */
export interface User {
  _id: string;
  createdAt: Date;
  username?: string;
  emails?: Address[];
  profile?: Record<string, unknown>;
  services?: Services;
  [more: string]: unknown;
}

/** `Meteor.users`. */
export const users = new Collection('users');
users._updateOfBrowsers(updateOwnProfile);

export const findUser = (selector: string | Document, options: { fields?: Record<string, unknown> } = {}) =>
  users.findOneAsync(selector, options) as Promise<User | undefined>;

export const addressesOf = ({ emails = [] }: Pick<User, 'emails'>): string[] => emails.map(({ address }) => address);

const unique = { unique: true, sparse: true };
const sparse = { sparse: true };

/** The same indexes as Meteor's, so that each host finds those of the other. */
const indexes: Record<string, object> = {
  username: unique,
  'emails.address': unique,
  'services.resume.loginTokens.hashedToken': unique,
  'services.resume.loginTokens.token': unique,
  'services.email.verificationTokens.token': unique,
  'services.password.reset.token': unique,
  'services.password.enroll.token': unique,
  'services.resume.haveLoginTokensToDelete': sparse,
  'services.resume.loginTokens.when': sparse,
  'services.password.reset.when': sparse,
  'services.password.enroll.when': sparse,
};

export async function createUserIndexes(): Promise<void> {
  await Promise.all(Object.entries(indexes).map(([field, options]) => users.createIndexAsync({ [field]: 1 }, options)));
}

const operators = ['$inc', '$set', '$unset', '$addToSet', '$pop', '$pullAll', '$pull', '$pushAll', '$push', '$bit'];

const denied = (why = '') => new MeteorError(403, `Access denied${why}`);

/** A browser may write only the `profile` of its own user. */
async function updateOwnProfile(
  this: Collection,
  { userId }: Pick<MethodInvocation, 'userId'>,
  selector: unknown,
  modifier: Document,
  options: { upsert?: unknown } | null = {},
): Promise<number> {
  check(modifier, Object);
  if (options?.upsert) throw denied('. Upserts not allowed in a restricted collection.');
  const fields = fieldsChangedBy(modifier);
  const document = (await this.findOneAsync(selector, { fields: { _id: 1 } })) as { _id: string } | undefined;
  if (!document) return 0;
  if (document._id !== userId || fields.length !== 1 || fields[0] !== 'profile') throw denied();
  return this.updateAsync(selector, modifier);
}

/** The top-level fields. @throws if the modifier replaces whole documents, or moves fields */
function fieldsChangedBy(modifier: Document): string[] {
  const names = Object.keys(modifier);
  if (names.length === 0 || names.some(name => !name.startsWith('$')))
    throw denied(
      ". In a restricted collection you can only update documents, not replace them. Use a Mongo update operator, such as '$set'.",
    );
  const unknown = names.find(name => !operators.includes(name));
  if (unknown) throw denied(`. Operator ${unknown} not allowed in a restricted collection.`);
  const fields = names.flatMap(name => Object.keys(modifier[name] ?? {}));
  return [...new Set(fields.map(field => field.split('.')[0]!))];
}
