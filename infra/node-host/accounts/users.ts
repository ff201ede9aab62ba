import type { Document } from 'mongodb';
import { Collection } from '../mongo/collection';
import { updateOwnProfile } from './own-profile';

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

/** What a mail's link holds, and what for. */
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

/** The same as Meteor makes, so that either host finds the other's. */
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
