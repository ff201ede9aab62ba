import type { Collection, Db, Document } from 'mongodb';

type Call = (...input: unknown[]) => Promise<unknown>;

/** A database some of whose calls go wrong as the driver's do, as long as the test says so. All others are real. */
export function brokenDatabase(
  db: Db,
  name: keyof Collection,
  broken: (input: unknown[]) => Promise<unknown> | undefined,
): Db {
  const collection = (...input: unknown[]) => {
    const real = (db.collection as (...input: unknown[]) => Collection).apply(db, input);
    const call = (real[name] as unknown as Call).bind(real);
    return Object.assign(Object.create(real) as Collection, {
      [name]: (...of: unknown[]) => broken(of) ?? call(...of),
    });
  };
  return Object.assign(Object.create(db) as Db, { collection });
}

/** A database that reads some tasks as they are, and tells what it has read only when the test says so. */
export function slowReads(db: Db, isSlow: (filter: Document) => boolean, until: Promise<void>) {
  const seen = { read: 0, told: 0 };
  const slow = brokenDatabase(db, 'find', ([filter, options]) => {
    if (!isSlow(filter as Document)) return undefined;
    const cursor = db.collection('taskQueue').find(filter as Document, options as Document);
    const read = cursor.toArray.bind(cursor);
    const toArray = async () => {
      const found = await read();
      seen.read += 1;
      await until;
      seen.told += 1;
      return found;
    };
    return Object.assign(cursor, { toArray }) as never;
  });
  return { db: slow, seen };
}

/** Whether a write is one that ends attempts: the only ones that add to the history. */
export function isSettle([, update]: unknown[]): boolean {
  return JSON.stringify(update).includes('"attempts":{"$');
}
