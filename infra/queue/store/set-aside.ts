import type { Collection } from 'mongodb';
import { defaultOptions } from '../../catalog';
import type { Task, TaskError } from '../model/task';
import { refusesDocument } from './database-errors';
import type { Held } from './task-store';
import { fieldsToUnset } from './transition';

/**
 * Takes a document that nothing else can be done with out of everybody's way, whatever is in it: it is `failed`, with
 * the reason. Where not even that fits into it, its payload and history go.
 *
 * @returns whether it was there.
 */
export async function setAside(
  collection: Collection<Task>,
  { _id, owner, token }: Held,
  state: Task['state'],
  error: TaskError,
  now: Date,
): Promise<boolean> {
  const expiresAt = new Date(now.getTime() + defaultOptions.retention.failed);
  const end = { state: 'failed' as const, error, finishedAt: now, expiresAt };
  const rest = { _id: '$_id', taskType: '$taskType', priority: '$priority', createdAt: '$createdAt', attempts: [] };
  const which = { _id, state, ...(owner !== undefined && { owner }), ...(token !== undefined && { token }) };
  try {
    const { matchedCount } = await collection.updateOne(which, [
      { $set: { ...literally(end) } },
      { $unset: [...fieldsToUnset('failed'), 'token'] },
    ]);
    return matchedCount === 1;
  } catch (failure) {
    if (!refusesDocument(failure)) throw failure;
    const { matchedCount } = await collection.updateOne(which, [{ $replaceWith: { ...rest, ...literally(end) } }]);
    return matchedCount === 1;
  }
}

function literally(fields: object): object {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, { $literal: value }]));
}
