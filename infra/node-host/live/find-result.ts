import { database } from '../mongo/connection';
import { type CursorDescription, toFindOptions } from '../mongo/cursor-options';
import type { Id } from '../mongo/selector';
import { fromMongo, toMongo } from '../mongo/translate';
import { MongoID } from '../shared/object-id';
import type { Entry, Result } from './result-changes';
import type { Touched } from './stale-documents';

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
