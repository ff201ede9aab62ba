import type { Collection, Db } from 'mongodb';

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

/** Whether a write is one that ends attempts: the only ones that add to the history. */
export function isSettle([, update]: unknown[]): boolean {
  return JSON.stringify(update).includes('"attempts":{"$');
}
