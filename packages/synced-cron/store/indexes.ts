import { type Log, messageOf } from '../log';
import type { HistoryCollection } from './history';

/** Records that expire sooner could be gone while their run is still known to be due: it would be run again. */
const shortestTTL = 300;

/**
 * Makes the indexes of the history, the same that it has always had. Those of an existing collection go on; one whose
 * time to live differs from the configured one is changed in place.
 */
export async function ensureIndexes(history: HistoryCollection, ttl: number | null, log: Log): Promise<void> {
  await history.rawCollection().createIndex({ intendedAt: 1, name: 1 }, { unique: true });
  const existing = await existingTTL(history);
  if (!ttl) {
    if (existing !== undefined) log.warn(staysFor(history, existing));
  } else if (ttl < shortestTTL) {
    log.warn(`Not going to use a TTL that is shorter than:${shortestTTL}`);
  } else if (existing === undefined) {
    await history.rawCollection().createIndex({ startedAt: 1 }, { expireAfterSeconds: ttl });
  } else if (existing !== ttl) {
    await changeTTL(history, existing, ttl, log);
  }
}

async function existingTTL(history: HistoryCollection): Promise<number | undefined> {
  const indexes = await history.rawCollection().indexes();
  const index = indexes.find(({ key }) => JSON.stringify(key) === '{"startedAt":1}');
  return index?.expireAfterSeconds;
}

async function changeTTL(history: HistoryCollection, from: number, to: number, log: Log): Promise<void> {
  const database = history.rawDatabase();
  const name = nameOf(history);
  try {
    const index = { keyPattern: { startedAt: 1 }, expireAfterSeconds: to };
    await database.command({ collMod: name, index });
    log.info(`History records are kept for ${to} s from now on (${from} s before).`);
  } catch (error) {
    log.warn(
      `collectionTTL is ${to}, but the index on startedAt says ${from} and could not be changed ` +
        `(${messageOf(error)}): run db.${name}.dropIndex({ startedAt: 1 }) and start again`,
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
