import { randomBytes } from 'node:crypto';

let lastMs = 0;
let count = 0;

/**
 * A fresh task id: 20 characters that grow with time, so that equals run in the order of their coming and the database
 * appends to its indexes instead of filling them all over. The end is random: processes don't meet.
 */
export function newTaskId(): string {
  const now = Date.now();
  count = now > lastMs ? 0 : count + 1;
  lastMs = Math.max(lastMs, now);
  const order = lastMs.toString(36).padStart(9, '0') + count.toString(36).padStart(4, '0');
  return order + randomText(7);
}

/** A fencing token: fresh for each claim. */
export function newToken(): string {
  return randomText(16);
}

const alphabet = '0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
/** Asking the system for a few bytes costs as much as for many. */
const pool = { bytes: Buffer.alloc(0), used: 0 };

function randomText(length: number): string {
  if (pool.used + length > pool.bytes.length) {
    pool.bytes = randomBytes(4_096);
    pool.used = 0;
  }
  let text = '';
  for (const byte of pool.bytes.subarray(pool.used, pool.used + length)) text += alphabet[byte % alphabet.length];
  pool.used += length;
  return text;
}
