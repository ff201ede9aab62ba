import { createHash } from 'node:crypto';
import { rateKeyFields, type TaskDefinition } from '../../catalog';
import { canonical } from './signature';
import type { IfFailed, Task, TaskState, WaitsFor } from './task';

/** Longer values of a key are hashed: an index holds them. */
const longestKey = 200;

/**
 * What a task is counted under, where its type has a limit over all roles: the type, and the values of the limit's key.
 *
 * @returns nothing where the type has no such limit.
 */
export function limitKeyOf({ taskType, slots }: Pick<TaskDefinition, 'taskType' | 'slots'>, data: unknown) {
  return slots && keyOf(taskType, valuesOf(slots.key, data));
}

/**
 * What the starts of a task are counted under, where its type has a rate by key: the type, and the values of that key.
 *
 * @returns nothing where the type has no such rate.
 */
export function rateKeyOf({ taskType, rateLimit }: Pick<TaskDefinition, 'taskType' | 'rateLimit'>, data: unknown) {
  const fields = rateLimit ? rateKeyFields(rateLimit) : [];
  return fields.length === 0 ? undefined : keyOf(taskType, valuesOf(fields, data));
}

function valuesOf(fields: readonly string[], data: unknown): unknown[] {
  return fields.map(name => (data as Record<string, unknown>)[name] ?? null);
}

/** One text for these values under this type, short enough for an index: one short value stays readable. */
export function keyOf(taskType: string, values: readonly unknown[]): string {
  const text = values.map(value => (typeof value === 'string' ? value : canonical(value))).join(' ');
  const isPlain = text.length <= longestKey && values.length <= 1;
  return `${taskType}/${isPlain ? text : createHash('sha256').update(canonical(values)).digest('base64url')}`;
}

/** The type that a key belongs to; none where somebody else has written something that is no text. */
export const typeOfKey = (key: unknown): string => (typeof key === 'string' ? key.slice(0, key.indexOf('/')) : '');

/** The slots of a limit are numbered, and a unique index lets no two tasks have the same one. */
export const slotOf = (limitKey: string, number: number): string => `${limitKey}#${number}`;

/** From where to where the slots of a limit stand in an index; those of a key with a # in it may be among them. */
export const slotsOf = (limitKey: string) => ({ $gte: `${limitKey}#`, $lt: `${limitKey}$` }); // $ is the sign after #

/** In which state a task begins, or goes on once its predecessors have ended. */
export function startStateOf(
  { dueDate, limitKey, after, afterBatch }: Pick<Task, 'dueDate' | 'limitKey' | 'after' | 'afterBatch'>,
  now: Date,
) {
  if (afterBatch !== undefined) return waiting('batch');
  if (after) return waiting('predecessors');
  if (dueDate > now) return { state: 'scheduled' as const };
  return limitKey === undefined ? { state: 'queued' as const } : waiting('slot');
}

const waiting = (waitsFor: WaitsFor) => ({ state: 'waiting' as const, waitsFor });

/** What follows for a task from the states of those that it comes after. `why`: the one that did not succeed. */
export type AfterPredecessors =
  | { kind: 'stay' }
  | { kind: 'goOn' }
  | { kind: 'failed' | 'cancelled'; why: string; its: TaskState };

/**
 * Decides whether a task may go on. Pure.
 *
 * @param states of its predecessors; those that are gone (their retention is over, or they were removed) have none.
 */
export function afterPredecessors(
  { after = [], ifFailed = defaultIfFailed }: Pick<Task, 'after' | 'ifFailed'>,
  states: ReadonlyMap<string, TaskState>,
  isLiveState: (state: TaskState) => boolean,
): AfterPredecessors {
  const known = after.flatMap(id => (states.has(id) ? [{ id, state: states.get(id) as TaskState }] : []));
  const bad = known.filter(({ state }) => ['failed', 'rejected', 'cancelled'].includes(state));
  const [worst] = [...bad.filter(({ state }) => state !== 'cancelled'), ...bad];
  if (worst && ifFailed !== 'run') {
    const kind = ifFailed === 'fail' && worst.state !== 'cancelled' ? 'failed' : 'cancelled';
    return { kind, why: worst.id, its: worst.state };
  }
  return known.some(({ state }) => isLiveState(state)) ? { kind: 'stay' } : { kind: 'goOn' };
}

/** Nothing that went wrong is silent: a task whose predecessor failed has failed, too. */
export const defaultIfFailed: IfFailed = 'fail';
