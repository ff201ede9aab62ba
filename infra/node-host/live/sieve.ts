import type { Document } from 'mongodb';
import { database } from '../mongo/connection';
import type { CursorDescription } from '../mongo/cursor-options';
import { equalitiesOf, type Id, type Scalar } from '../mongo/selector';
import { fromMongo, toMongo } from '../mongo/translate';
import { MongoID } from '../shared/object-id';
import type { Touched } from './stale-documents';

/** A document that has changed: the DDP form of its id, and what sieves look at, unless it is gone. */
export interface Changed {
  id: Id;
  key: string;
  document: Document | undefined;
}

/**
 * Tells changed documents that a query cannot find from those that it may: with hundreds of visitors, each with a query
 * for what is theirs, nearly every change is about one of them. It judges by the plain values that a selector wants
 * fields to equal, and where it can't tell, the database is asked.
 */
export class Sieve {
  /** The fields that it looks at. */
  readonly paths: readonly string[];
  private readonly wanted: readonly (readonly [names: readonly string[], value: Scalar])[];

  constructor({ selector, options }: CursorDescription) {
    // Behind skipped documents others move up, whatever the selector wants.
    const equalities = options.skip ? [] : equalitiesOf(selector);
    this.paths = equalities.map(([path]) => path);
    this.wanted = equalities.map(([path, value]) => [path.split('.'), value]);
  }

  /** @param document as it is now; undefined: it is gone */
  mayFind(document: Document | undefined): boolean {
    if (this.wanted.length === 0) return true;
    return document !== undefined && this.wanted.every(([names, value]) => mayEqual(document, names, value));
  }
}

/** Lists match by what is in them, and other objects by rules of their own: of these the database knows. */
function mayEqual(document: Document, names: readonly string[], wanted: Scalar): boolean {
  let value: unknown = document;
  for (const name of names) {
    if (value === null || typeof value !== 'object') return false;
    if (Array.isArray(value)) return true;
    value = (value as Document)[name];
  }
  return value === wanted || (value !== null && typeof value === 'object');
}

/** Above this many, it is cheaper to read every query again than to read and sift what has changed. */
const mostRead = 1_000;

/**
 * Reads of changed documents what sieves look at. @returns nothing where that is not worth it: there are too many of them,
 * or no sieve looks at a field.
 */
export async function readChanged(
  collectionName: string,
  touched: Touched,
  sieves: readonly Sieve[],
): Promise<Changed[] | undefined> {
  const paths = new Set(sieves.flatMap(sieve => sieve.paths));
  if (touched === 'everything' || touched.length > mostRead || paths.size === 0) return undefined;
  try {
    const present = await readPresent(collectionName, touched, paths);
    return touched.map(id => {
      const key = MongoID.idStringify(id);
      return { id, key, document: present.get(key) };
    });
  } catch {
    return undefined; // the queries themselves say what is wrong with the database
  }
}

/** By the DDP form of their ids. Of the primary: a change stream can be ahead of a secondary. */
async function readPresent(
  collectionName: string,
  ids: readonly Id[],
  paths: ReadonlySet<string>,
): Promise<Map<string, Document>> {
  const projection = Object.fromEntries([...outermost(paths)].map(path => [path, 1]));
  const documents = await database()
    .collection(collectionName)
    .find(toMongo<Document>({ _id: { $in: ids } }), { projection, readPreference: 'primary' })
    .toArray();
  return new Map(documents.map(document => [MongoID.idStringify(fromMongo(document._id)), document]));
}

/** MongoDB refuses a projection of a field and of one inside it. */
function outermost(paths: ReadonlySet<string>): string[] {
  return [...paths].filter(path => ![...paths].some(other => path.startsWith(`${other}.`)));
}
