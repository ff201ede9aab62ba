import { database } from '../mongo/connection';
import { type CursorDescription, toFindOptions } from '../mongo/cursor-options';
import type { Id } from '../mongo/selector';
import { fromMongo, toMongo } from '../mongo/translate';
import { MongoID } from '../shared/object-id';
import type { Change } from './observer';
import { changesBetween, type Entry, orderedChangesBetween, type Result } from './result-changes';
import type { Stale, Touched } from './stale-documents';

/** What a live query has found so far, to compare with what it finds now. */
export class HeldResult {
  private result: Result = new Map();

  constructor(private readonly ordered: boolean) {}

  get entries(): Entry[] {
    return [...this.result.values()];
  }

  /** @param stale the documents that were looked for @returns what has changed */
  replace(stale: Stale, found: Result): Change[] {
    return stale === 'everything' ? this.replaceAll(found) : this.replaceSome(stale, found);
  }

  private replaceAll(found: Result): Change[] {
    const before = this.result;
    this.result = found;
    return this.ordered ? orderedChangesBetween(before, found) : changesBetween(before, found);
  }

  private replaceSome(stale: Exclude<Stale, 'everything'>, found: Result): Change[] {
    const before: Result = new Map();
    for (const key of stale.keys()) {
      const known = this.result.get(key);
      if (known) before.set(key, known);
    }
    for (const key of before.keys()) this.result.delete(key);
    for (const [key, entry] of found) this.result.set(key, entry);
    return changesBetween(before, found);
  }
}

/**
 * Asks the database which of the touched documents a query finds. Always the primary: a change stream can be ahead of a
 * secondary, and what is read too old is never read again.
 */
export async function findResult(description: CursorDescription, touched: Touched): Promise<Result> {
  const { collectionName, selector, options } = description;
  const filter = touched === 'everything' ? selector : { $and: [selector, { _id: { $in: touched } }] };
  const bounds =
    touched === 'everything'
      ? { ...toFindOptions(options), readPreference: 'primary' as const }
      : { projection: options.projection };
  const documents = await database().collection(collectionName).find(toMongo(filter), bounds).toArray();
  return new Map(documents.map(document => toEntry(fromMongo<Record<string, unknown>>(document))));
}

function toEntry({ _id, ...fields }: Record<string, unknown>): [string, Entry] {
  return [MongoID.idStringify(_id), { id: _id as Id, fields }];
}
