import { createHash } from 'node:crypto';
import { compare, hash } from 'bcryptjs';
import { Match } from '../shared/check';

/** As typed, or the digest that a browser sends. */
export type Password = string | { digest: string; algorithm: 'sha-256' };

const digestLength = 64;

/** The pattern of a password for `check`. @param maxLength of a password in plain text */
export const passwordPattern = (maxLength = 256) =>
  Match.OneOf(
    Match.Where(value => typeof value === 'string' && value.length <= maxLength),
    { digest: Match.Where(value => typeof value === 'string' && value.length === digestLength), algorithm: 'sha-256' },
  );

/** The pattern of a new password for `check`: it refuses an empty one. */
export const newPasswordPattern = (maxLength?: number) =>
  Match.Where(value => value !== '' && Match.test(value, passwordPattern(maxLength)));

/** bcrypt of the digest, which is what Meteor stores. */
export const hashPassword = (password: Password, rounds: number): Promise<string> => hash(digestOf(password), rounds);

export const isPassword = (password: Password, stored: string): Promise<boolean> => compare(digestOf(password), stored);

/** The rounds of a stored hash. More rounds make guessing slower. */
export const roundsOf = (stored: string): number => Number.parseInt(stored.split('$')[2] ?? '', 10);

const digestOf = (password: Password): string =>
  typeof password === 'string' ? createHash('sha256').update(password).digest('hex') : password.digest;
