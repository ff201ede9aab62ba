import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Task } from './task';

/** What is signed: nothing that a retry changes. */
export type Signed = Pick<Task, '_id' | 'taskType' | 'data' | 'createdAt'>;

/** Signs tasks and verifies them, so that nobody who can merely write to the database can have one run. */
export class Signer {
  /** @param keys the first signs, all verify: so a key is changed without a pause. None: nothing is signed or asked. */
  constructor(private readonly keys: readonly string[] = []) {}

  get active(): boolean {
    return this.keys.length > 0;
  }

  sign(task: Signed): string | undefined {
    const [key] = this.keys;
    return key === undefined ? undefined : hmac(key, task);
  }

  verify(task: Signed & { signature?: string }): boolean {
    if (!this.active) return true;
    const { signature } = task;
    if (typeof signature !== 'string' || !isDate(task.createdAt)) return false;
    return this.keys.some(key => equal(hmac(key, task), signature));
  }
}

function hmac(key: string, { _id, taskType, data, createdAt }: Signed): string {
  const text = canonical([_id, taskType, createdAt.getTime(), data]);
  return createHmac('sha256', key).update(text).digest('base64url');
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** One text for one value: keys sorted, undefined left out, dates and the numbers that JSON lacks told apart. */
export function canonical(value: unknown): string {
  if (isDate(value)) return `{"$date":${value.getTime()}}`;
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value === 'number' && !Number.isFinite(value)) return `{"$number":"${value}"}`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, part]) => `${JSON.stringify(key)}:${canonical(part)}`).join()}}`;
}

function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === '[object Date]';
}
