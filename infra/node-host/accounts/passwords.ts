import { createHash } from 'node:crypto';
import { compare, hash } from 'bcryptjs';
import { Match } from '../shared/check';

/** As a browser sends it, or as it was typed. */
export type Password = string | { digest: string; algorithm: 'sha-256' };

const digestLength = 64;

/** What `check` takes for a password. @param maxLength of one that comes as it was typed */
export const passwordPattern = (maxLength = 256) =>
  Match.OneOf(
    Match.Where(value => typeof value === 'string' && value.length <= maxLength),
    { digest: Match.Where(value => typeof value === 'string' && value.length === digestLength), algorithm: 'sha-256' },
  );

/** A password that shall be set: not an empty one. */
export const newPasswordPattern = (maxLength?: number) =>
  Match.Where(value => value !== '' && Match.test(value, passwordPattern(maxLength)));

/** bcrypt of the digest, which is what Meteor stores. */
export const hashPassword = (password: Password, rounds: number): Promise<string> => hash(digestOf(password), rounds);

export const isPassword = (password: Password, stored: string): Promise<boolean> => compare(digestOf(password), stored);

/** How many rounds a stored password took; more of them make it harder to guess. */
export const roundsOf = (stored: string): number => Number.parseInt(stored.split('$')[2] ?? '', 10);

const digestOf = (password: Password): string =>
  typeof password === 'string' ? createHash('sha256').update(password).digest('hex') : password.digest;
