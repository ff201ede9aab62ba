import { createHmac, timingSafeEqual } from 'node:crypto';
import { isDate, isPlainObject, timeOf } from '../../catalog';
import { standingOf } from './order';
import type { Task } from './task';

/** What is signed: what a task is asked for with, as far as neither a retry nor an update changes it. */
export type Signed = Pick<
  Task,
  | '_id'
  | 'taskType'
  | 'data'
  | 'createdAt'
  | 'basePriority'
  | 'place'
  | 'deadline'
  | 'uniqueKey'
  | 'sender'
  | 'catalogVersion'
  | 'origin'
  | 'after'
  | 'ifFailed'
  | 'batch'
  | 'afterBatch'
  | 'onlyIfFailed'
  | 'onFailed'
  | 'tags'
  | 'traceparent'
>;

/** What a signature of today begins with: it is part of what is signed, too. */
const version = 'v2:';

/** Signs tasks and verifies them, so that nobody who can merely write to the database can have one run. */
export class Signer {
  /** @param keys the first signs, all verify: so a key is changed without a pause. None: nothing is signed or asked. */
  constructor(private readonly keys: readonly string[] = []) {}

  get active(): boolean {
    return this.keys.length > 0;
  }

  sign(task: Signed): string | undefined {
    const [key] = this.keys;
    return key === undefined ? undefined : version + hmac(key, signedText(task));
  }

  /** The task with its signature, where tasks are signed. */
  signed(task: Task): Task {
    return this.active ? { ...task, signature: this.sign(task) } : task;
  }

  /** Signs what tasks are made of later, such as a stored schedule. `kind` keeps its signatures apart from all others. */
  signRecord(kind: string, record: object): string | undefined {
    const [key] = this.keys;
    return key === undefined ? undefined : hmac(key, kind + canonical(record));
  }

  /** Whether one of the keys has signed it as that kind. Never throws, whatever the database holds. */
  verifyRecord(kind: string, record: object, signature: unknown): boolean {
    if (!this.active) return true;
    if (typeof signature !== 'string') return false;
    try {
      const text = kind + canonical(record);
      return this.keys.some(key => equal(hmac(key, text), signature));
    } catch {
      return false;
    }
  }

  /** Whether a task is as one of the keys has signed it. Never throws, whatever the database holds. */
  verify(task: Signed & { signature?: string }): boolean {
    if (!this.active) return true;
    const { signature } = task;
    if (typeof signature !== 'string') return false;
    try {
      const isOld = isOldSignature(signature);
      const text = isOld ? firstSignedText(task) : signedText(task);
      const mac = isOld ? signature : signature.slice(version.length);
      return this.keys.some(key => equal(hmac(key, text), mac));
    } catch {
      return false;
    }
  }
}

/** One from before there were versions: it covers `_id`, type, payload and creation date, and no more. */
export function isOldSignature(signature: string | undefined): boolean {
  return signature !== undefined && !signature.startsWith(version);
}

/** Why the signature of a task says nothing for it. */
export function whyNotVerified({ signature }: Pick<Task, 'signature'>): string {
  const why =
    signature === undefined
      ? 'it has none, although queue.signingKey is set'
      : 'somebody without the key wrote or changed it';
  return `its signature does not verify: ${why}`;
}

function signedText(task: Signed): string {
  const { _id, taskType, data, createdAt, basePriority, place, deadline, uniqueKey, sender, catalogVersion, origin } =
    task;
  const optional = [deadline ?? null, uniqueKey ?? null, origin ?? null];
  // Only where there are any: a task without has the text that it had before there were any.
  const others = comesWithIt(task);
  if (Object.keys(others).length > 0) optional.push(canonical(others));
  return (
    version +
    canonical([
      _id,
      taskType,
      createdAt,
      data,
      basePriority,
      standingOf(place).front,
      catalogVersion,
      sender,
      ...optional,
    ])
  );
}

/** What a task comes after, what comes after it, by what it is found, and in which trace it was added. */
function comesWithIt(task: Signed): object {
  const { after, ifFailed, batch, afterBatch, onlyIfFailed, onFailed, tags, traceparent } = task;
  const all = { after, ifFailed, batch, afterBatch, onlyIfFailed, onFailed, tags, traceparent };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function hmac(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/**
 * One text for one value in its normal form, and no other value has the same: JSON with sorted names, where dates and
 * the numbers that JSON lacks stand as words that JSON does not know.
 *
 * @throws TypeError where the value is in no normal form, as what somebody else wrote into the database may be.
 */
export function canonical(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'boolean' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object') throw new TypeError(`a ${typeof value} has no canonical text`);
  if (isPlainObject(value)) return canonicalRecord(value as Record<string, unknown>);
  if (isDate(value)) return `Date(${Number(value)})`;
  throw new TypeError('an instance of a class has no canonical text');
}

function canonicalRecord(record: Record<string, unknown>): string {
  const names = Object.keys(record).sort();
  return `{${names.map(name => `${JSON.stringify(name)}:${canonical(record[name])}`).join()}}`;
}

/**
 * What the first signatures covered. Tasks that were signed so may still be in the queue; nothing is signed so any more.
 * An object `{ $date: 5 }` and a date have the same text here: the payload of such a task is checked once more.
 */
function firstSignedText({
  _id,
  taskType,
  data,
  createdAt,
}: Pick<Task, '_id' | 'taskType' | 'data' | 'createdAt'>): string {
  return firstCanonical([_id, taskType, createdAt.getTime(), data]);
}

function firstCanonical(value: unknown): string {
  if (!Number.isNaN(timeOf(value))) return `{"$date":${timeOf(value)}}`;
  if (Array.isArray(value)) return `[${value.map(firstCanonical).join()}]`;
  if (typeof value === 'number' && !Number.isFinite(value)) return `{"$number":"${value}"}`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, part]) => `${JSON.stringify(key)}:${firstCanonical(part)}`).join()}}`;
}
