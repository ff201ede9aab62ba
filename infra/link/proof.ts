import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * The side that proves that it knows the secret. It is part of the signature, so that an answer can't be replayed to
 * the side that asked.
 */
export type Side = 'web' | 'jobs';

const version = 'tandem-link-1';
const nonceBytes = 32;

/** A fresh random nonce. */
export const makeNonce = (): string => randomBytes(nonceBytes).toString('hex');

export const isNonce = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

/** The answer to this nonce, which only a holder of the secret can give. */
export function prove(secret: string, side: Side, nonce: string): string {
  return createHmac('sha256', secret).update(`${version}:${side}:${nonce}`).digest('hex');
}

/** Compares in constant time, so that the duration does not show how much of the proof is right. */
export function isProof(input: unknown, secret: string, side: Side, nonce: string): boolean {
  if (typeof input !== 'string') return false;
  const expected = Buffer.from(prove(secret, side, nonce));
  const actual = Buffer.from(input);
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
