import { type AbstractCursor, type Collection, type Db, MongoNetworkTimeoutError } from 'mongodb';
import { withTimeout } from '../timing/with-timeout';

/**
 * The calls that have a time limit, each with the position of its options argument. Calls for indexes have none:
 * building one takes longer the larger the collection is.
 */
const optionsAt = {
  bulkWrite: 1,
  countDocuments: 1,
  deleteMany: 1,
  deleteOne: 1,
  distinct: 2,
  drop: 0,
  estimatedDocumentCount: 0,
  findOne: 1,
  findOneAndDelete: 1,
  findOneAndReplace: 2,
  findOneAndUpdate: 2,
  insertMany: 1,
  insertOne: 1,
  replaceOne: 2,
  updateMany: 2,
  updateOne: 2,
} as const;

/** Well below the default lease of a task (30 s): a call that hangs is repeated before the lease ends. */
export const defaultCallTimeoutMs = 10_000;

const cursorsAt = { find: 1, aggregate: 1 } as const;

type Call = (...input: unknown[]) => Promise<unknown>;
type OpenCursor = (...input: unknown[]) => AbstractCursor<unknown>;

/** The driver's own collections, without a time limit. */
const patientOnes = new WeakMap<object, object>();

/**
 * Limits how long a call may take. The driver (7.9) has no limit of its own that holds: its `timeoutMS` does nothing,
 * and a large write to a socket that is closed in that moment waits for ever, whatever `socketTimeoutMS` says. A call
 * that takes longer fails like a network time-out, and its connection is closed, so that the next attempt uses another
 * one. A cursor itself has no limit, but each batch that it fetches has.
 */
export function withCallTimeout(db: Db, ms = defaultCallTimeoutMs): Db {
  const { collection, command } = db as unknown as { collection: (...input: unknown[]) => Collection; command: Call };
  return Object.assign(Object.create(db) as Db, {
    collection: (...input: unknown[]) => limited(collection.apply(db, input), ms),
    command: (...input: unknown[]) => limitedCall('command', command.bind(db), 1, ms)(...input),
  });
}

/** The same collection without the limit, for an operator's requests, and for calls that may read a whole queue. */
export function withoutCallTimeout<C extends object>(collection: C): C {
  return (patientOnes.get(collection) as C | undefined) ?? collection;
}

function limited(collection: Collection, ms: number): Collection {
  const original = collection as unknown as Record<string, Call & OpenCursor>;
  const calls = Object.entries(optionsAt).map(([name, at]) => {
    const call = (original[name] as Call).bind(collection);
    return [name, limitedCall(`${name} on ${collection.collectionName}`, call, at, ms)] as const;
  });
  const cursors = Object.entries(cursorsAt).map(([name, at]) => {
    const open = (original[name] as OpenCursor).bind(collection);
    return [name, limitedCursor(`${name} on ${collection.collectionName}`, open, at, ms)] as const;
  });
  const own = Object.assign(Object.create(collection) as Collection, Object.fromEntries([...calls, ...cursors]));
  patientOnes.set(own, collection);
  return own;
}

function limitedCall(what: string, call: Call, at: number, ms: number): Call {
  return (...input) => {
    const limit = new AbortController();
    return within(what, ms, limit, () => call(...withSignal(input, at, limit.signal)));
  };
}

function limitedCursor(what: string, open: OpenCursor, at: number, ms: number): OpenCursor {
  return (...input) => {
    const limit = new AbortController();
    const cursor = open(...withSignal(input, at, limit.signal));
    for (const name of ['next', 'hasNext', 'tryNext'] as const) {
      const fetch: () => Promise<unknown> = cursor[name].bind(cursor);
      // All methods of a cursor call one of these; its buffered documents need no limit.
      Object.assign(cursor, {
        [name]: () => (cursor.bufferedCount() > 0 ? fetch() : within(what, ms, limit, fetch)),
      });
    }
    return cursor;
  };
}

function withSignal(input: readonly unknown[], at: number, signal: AbortSignal): unknown[] {
  const all = [...input];
  const options = (all[at] ?? {}) as { signal?: AbortSignal };
  while (all.length < at) all.push(undefined);
  all[at] = { ...options, signal: options.signal ? AbortSignal.any([options.signal, signal]) : signal };
  return all;
}

/** The abort frees the connection if the driver still listens; the race covers the case that it does not. */
async function within<T>(what: string, ms: number, limit: AbortController, call: () => Promise<T>): Promise<T> {
  return withTimeout(ms, call(), () => {
    const error = new MongoNetworkTimeoutError(`the database did not answer ${what} within ${ms} ms`);
    limit.abort(error);
    return error;
  });
}
