import type { IndexDescriptionInfo } from 'mongodb';
import { type Log, messageOf } from '../log';
import type { HistoryCollection } from './history';
import { type Within, within } from './within';

/** Records that expire sooner could be gone while their run is still known to be due: it would be run again. */
const shortestTTL = 300;
const unique = { intendedAt: 1, name: 1 };
const expiring = { startedAt: 1 };

/** To make an index of a large history takes longer than any other call; but no run may wait for one for ever. */
const madeInTime = within(60_000);

/**
 * Creates the indexes of the history, the same as ever. It keeps those of an existing collection, whatever their names,
 * and changes a time to live that differs from the configured one in place.
 *
 * @param ttl in seconds; 0: records are kept for ever
 * @throws Error without the unique index, which gives each run to one process only; a wrong TTL gives a warning
 */
export async function ensureIndexes(history: HistoryCollection, ttl: number, inTime: Within, log: Log): Promise<void> {
  const indexes = await inTime(indexesOf(history));
  if (!find(indexes, unique)?.unique) await makeUnique(history);
  const index = find(indexes, expiring);
  if (!ttl) {
    if (index?.expireAfterSeconds !== undefined) log.warn(staysFor(history, index.expireAfterSeconds));
  } else if (ttl < shortestTTL) {
    log.warn(`Not going to use a TTL that is shorter than:${shortestTTL}`);
  } else if (!index) {
    await makeExpiring(history, ttl);
  } else if (index.expireAfterSeconds !== ttl) {
    await changeTTL(history, index.expireAfterSeconds, ttl, log);
  }
}

/** Creates indexes again that were dropped meanwhile. It doesn't repeat the warnings about the time to live. */
export async function makeMissing(history: HistoryCollection, ttl: number, inTime: Within): Promise<void> {
  const indexes = await inTime(indexesOf(history));
  if (!find(indexes, unique)?.unique) await makeUnique(history);
  if (ttl >= shortestTTL && !find(indexes, expiring)) await makeExpiring(history, ttl);
}

function makeUnique(history: HistoryCollection): Promise<string> {
  return madeInTime(history.rawCollection().createIndex(unique, { unique: true }));
}

function makeExpiring(history: HistoryCollection, ttl: number): Promise<string> {
  return madeInTime(history.rawCollection().createIndex(expiring, { expireAfterSeconds: ttl }));
}

/** None if there is no collection yet, for which MongoDB gives an error. */
async function indexesOf(history: HistoryCollection): Promise<IndexDescriptionInfo[]> {
  const namespaceNotFound = 26;
  try {
    return await history.rawCollection().indexes();
  } catch (error) {
    if ((error as { code?: unknown }).code === namespaceNotFound) return [];
    throw error;
  }
}

function find(indexes: IndexDescriptionInfo[], fields: object): IndexDescriptionInfo | undefined {
  return indexes.find(({ key }) => JSON.stringify(key) === JSON.stringify(fields));
}

async function changeTTL(history: HistoryCollection, from: number | undefined, to: number, log: Log): Promise<void> {
  const before = from === undefined ? 'for ever' : `${from} s`;
  try {
    const index = { keyPattern: expiring, expireAfterSeconds: to };
    await madeInTime(history.rawDatabase().command({ collMod: nameOf(history), index }));
    log.info(`History records are kept for ${to} s from now on (${before} before).`);
  } catch (error) {
    log.warn(
      `collectionTTL is ${to}, but the index on startedAt says ${before} and could not be changed ` +
        `(${messageOf(error)}): run db.${nameOf(history)}.dropIndex({ startedAt: 1 }) and start again`,
    );
  }
}

function staysFor(history: HistoryCollection, seconds: number): string {
  return (
    `collectionTTL is off, but an index still expires the history after ${seconds} s: ` +
    `to keep it for ever, run db.${nameOf(history)}.dropIndex({ startedAt: 1 })`
  );
}

function nameOf(history: HistoryCollection): string {
  return (history.rawCollection() as { collectionName?: string }).collectionName ?? 'cronHistory';
}
