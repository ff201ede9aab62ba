import type { Collection, Document, UpdateFilter } from 'mongodb';
import { groupBy } from '../model/group-by';
import { attemptsKept, type Task } from '../model/task';
import { plainUpdate, splitEnds } from './alike-ends';
import { isDatabaseAway, refusesDocument } from './database-errors';
import type { Held, Settlement } from './task-store';
import { fieldsOf, fieldsToUnset, placeAsAddedInMongo, placeOfInterruptedInMongo } from './transition';

/**
 * Writes the ends of many attempts that were claimed together and go to the same state: a plain update for those that
 * are alike, and for all others one in which each task picks its own values out of a list. What is not kept is removed.
 *
 * @returns the ids of those that had been lost.
 */
export async function settleTasks(collection: Collection<Task>, settlements: readonly Settlement[]): Promise<string[]> {
  const groups = groupBy(
    settlements,
    ({ task, transition: { state, sinks, goesFirst, isKept } }) =>
      `${task.owner} ${task.token} ${state} ${sinks} ${goesFirst} ${isKept}`,
  );
  return combine(await Promise.allSettled(groups.map(group => settleGroup(collection, group))));
}

/** @throws SettleError with all that was not written; any other error as it is: the whole batch is then tried again. */
function combine(results: PromiseSettledResult<string[]>[]): string[] {
  const lost = results.flatMap(result => (result.status === 'fulfilled' ? result.value : []));
  const errors: unknown[] = results.flatMap(result => (result.status === 'rejected' ? [result.reason] : []));
  if (errors.length === 0) return lost;
  const partly = errors.filter(error => error instanceof SettleError);
  if (partly.length < errors.length) throw errors.find(error => !(error instanceof SettleError));
  throw new SettleError({
    refused: partly.flatMap(({ refused }) => refused),
    postponed: partly.flatMap(({ postponed }) => postponed),
    lost: [...lost, ...partly.flatMap(error => error.lost)],
  });
}

async function settleGroup(collection: Collection<Task>, group: Settlement[]): Promise<string[]> {
  if (group[0]?.transition.isKept === false) return remove(collection, group);
  const { alike, others } = splitEnds(group);
  const writes = alike.map(part => settleAlike(collection, part));
  if (others.length > 0) writes.push(settleEach(collection, others));
  return combine(await Promise.allSettled(writes));
}

async function remove(collection: Collection<Task>, group: Settlement[]): Promise<string[]> {
  const tasks = group.map(({ task }) => task);
  const { deletedCount } = await collection.deleteMany(fence(tasks));
  if (deletedCount === group.length) return [];
  const lost = new Set(await findLost(collection, tasks));
  // An earlier try may have removed it, whose reply was lost: then it is not there, and nobody else's either.
  const retried = group.filter(({ task, isRetried }) => isRetried && lost.has(task._id)).map(({ task }) => task._id);
  const there = retried.length === 0 ? [] : await collection.distinct('_id', { _id: { $in: retried } });
  return [...lost].filter(id => !retried.includes(id) || there.includes(id));
}

async function settleAlike(collection: Collection<Task>, group: Settlement[]): Promise<string[]> {
  try {
    return await write(collection, group, plainUpdate(group));
  } catch (error) {
    if (isDatabaseAway(error)) throw error;
    return settleEach(collection, group);
  }
}

async function settleEach(collection: Collection<Task>, group: Settlement[]): Promise<string[]> {
  try {
    return await write(collection, group, pipeline(group));
  } catch (error) {
    if (isDatabaseAway(error)) throw error;
    const [only, ...others] = group as [Settlement, ...Settlement[]];
    if (others.length === 0) throw notWritten({ settlement: only, error: error as Error });
    // One of them cannot be written as it is (too large, say): it must not hold up the others.
    return settleHalves(collection, group);
  }
}

async function write(
  collection: Collection<Task>,
  group: readonly Settlement[],
  update: UpdateFilter<Task> | Document[],
): Promise<string[]> {
  const tasks = group.map(({ task }) => task);
  const { matchedCount } = await collection.updateMany(fence(tasks), update);
  return matchedCount === group.length ? [] : findLost(collection, tasks);
}

/** Looks for the culprit by halving; both halves are written as far as they can be. */
async function settleHalves(collection: Collection<Task>, group: Settlement[]): Promise<string[]> {
  const middle = group.length >> 1;
  return combine(
    await Promise.allSettled([
      settleEach(collection, group.slice(0, middle)),
      settleEach(collection, group.slice(middle)),
    ]),
  );
}

interface NotWritten {
  settlement: Settlement;
  error: Error;
}

function notWritten(one: NotWritten): SettleError {
  return refusesDocument(one.error)
    ? new SettleError({ refused: [one], postponed: [], lost: [] })
    : new SettleError({ refused: [], postponed: [one], lost: [] });
}

/** Ends that were not written; everything else of the batch is. */
export class SettleError extends Error {
  override readonly name = 'SettleError';
  /** What the database will never take. */
  readonly refused: readonly NotWritten[];
  /** What failed for some other reason, alone: nothing is said against the document, so it is to be tried again. */
  readonly postponed: readonly NotWritten[];
  readonly lost: readonly string[];

  constructor({ refused, postponed, lost }: Pick<SettleError, 'refused' | 'postponed' | 'lost'>) {
    const [first] = [...refused, ...postponed];
    super(`${refused.length + postponed.length} ends are not written: ${first?.error.message}`, {
      cause: first?.error,
    });
    this.refused = refused;
    this.postponed = postponed;
    this.lost = lost;
  }
}

function fence(tasks: readonly Held[]) {
  const { owner, token } = tasks[0] as Held;
  return { _id: { $in: tasks.map(({ _id }) => _id) }, state: 'running' as const, owner, token };
}

function pipeline(group: Settlement[]) {
  const mine = { $indexOfArray: [{ $literal: group.map(({ task }) => task._id) }, '$_id'] };
  const fields = { $arrayElemAt: [{ $literal: group.map(fieldsToSet) }, '$$mine'] };
  const attempt = { $arrayElemAt: [{ $literal: group.map(one => (one.attempt ? [one.attempt] : [])) }, '$$mine'] };
  const history = { $concatArrays: [{ $cond: [{ $isArray: '$attempts' }, '$attempts', []] }, attempt] };
  const { state, ...standing } = (group[0] as Settlement).transition;
  const changed = { attempts: { $slice: [history, -attemptsKept] }, ...standingOf(standing) };
  // The place in the list is looked for once: of 500 tasks that is the greatest part of the work.
  const settled = { $let: { vars: { mine }, in: { $mergeObjects: ['$$ROOT', fields, changed] } } };
  return [{ $replaceWith: settled }, { $unset: fieldsToUnset(state) }];
}

function standingOf({ sinks, goesFirst }: Pick<Settlement['transition'], 'sinks' | 'goesFirst'>): object {
  if (sinks) return { priority: sunk, place: placeAsAddedInMongo };
  return goesFirst ? { place: placeOfInterruptedInMongo } : {};
}

/** Whatever somebody else has written into a task, no operator here fails on it: its end would be tried for ever. */
const sunk = {
  $cond: [
    { $or: [{ $eq: ['$deadlineWatch', 'miss'] }, { $not: { $isNumber: '$priority' } }] },
    '$priority',
    { $subtract: ['$priority', 1] },
  ],
};

function fieldsToSet({ transition, newToken }: Settlement) {
  return { ...fieldsOf(transition), ...(newToken && { token: newToken }) };
}

/**
 * Which of the tasks are neither held nor settled by this claim. One that has our token but no longer runs was written
 * by an earlier try whose reply did not arrive.
 */
export async function findLost(collection: Collection<Task>, tasks: readonly Held[]): Promise<string[]> {
  const ids = tasks.map(({ _id }) => _id);
  const found = await collection
    .find({ _id: { $in: ids } })
    .project<Held>({ token: 1, owner: 1 })
    .toArray();
  const byId = new Map(found.map(task => [task._id, task]));
  return tasks.filter(task => isLost(task, byId.get(task._id))).map(({ _id }) => _id);
}

/** A settled task has no owner any more, but still the token of the claim that ended it. */
function isLost({ owner, token }: Held, now: Held | undefined): boolean {
  return now?.token !== token || (now?.owner !== undefined && now.owner !== owner);
}

/** Gives back untouched what a claim has caught: no attempt is counted, the history is left alone. */
export async function handBackClaim(collection: Collection<Task>, owner: string, token: string): Promise<void> {
  await collection.updateMany({ state: 'running', owner, token }, untouched, { hint: 'lease' });
}

/** The same for all that an owner has. */
export async function handBackAll(collection: Collection<Task>, owner: string): Promise<number> {
  return (await collection.updateMany({ state: 'running', owner }, untouched, { hint: 'lease' })).modifiedCount;
}

const untouched = [
  { $set: { state: 'queued', place: placeOfInterruptedInMongo } },
  { $unset: fieldsToUnset('queued') },
];

/** Renews the leases of all tasks in one write. */
export async function renewLeases(
  collection: Collection<Task>,
  tasks: readonly Held[],
  leaseUntil: Date,
): Promise<string[]> {
  if (tasks.length === 0) return [];
  const ids = { _id: { $in: tasks.map(({ _id }) => _id) } };
  const tokens = [...new Set(tasks.map(({ token }) => token as string))];
  const mine = { ...ids, state: 'running' as const, owner: tasks[0]?.owner as string, token: { $in: tokens } };
  const { matchedCount } = await collection.updateMany(mine, { $set: { leaseUntil } }, { writeConcern: { w: 1 } });
  return matchedCount === tasks.length ? [] : findLost(collection, tasks);
}
