import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Who proves that it knows the secret. In the signature, so that an answer can't be played back to its asker. */
export type Side = 'web' | 'jobs';

const version = 'tandem-link-1';
const nonceBytes = 32;

/** A question that was never asked before. */
export const makeNonce = (): string => randomBytes(nonceBytes).toString('hex');

export const isNonce = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

/** The answer that only somebody with the secret can give to this nonce. */
export function prove(secret: string, side: Side, nonce: string): string {
  return createHmac('sha256', secret).update(`${version}:${side}:${nonce}`).digest('hex');
}

/** Compares in constant time: how long it takes tells nothing about how much of the proof is right. */
export function isProof(input: unknown, secret: string, side: Side, nonce: string): boolean {
  if (typeof input !== 'string') return false;
  const expected = Buffer.from(prove(secret, side, nonce));
  const actual = Buffer.from(input);
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
