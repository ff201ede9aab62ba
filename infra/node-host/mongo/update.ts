import type { Collection, Document, UpdateResult } from 'mongodb';
import { ObjectID } from '../shared/object-id';
import { type Id, idsMatchedBy, isId } from './selector';
import { fromMongo, toMongo } from './translate';
import { write } from './write';

/** The options of `updateAsync`; `insertedId` is the id that an upsert gives to a new document. */
export interface UpdateOptions {
  multi?: boolean;
  upsert?: boolean;
  insertedId?: Id;
  arrayFilters?: Document[];
}

/** The result of a write, as `upsertAsync` returns it. */
export interface UpsertResult {
  numberAffected: number;
  insertedId?: Id;
}

/** @param generatedId whether the collection generated `insertedId`, and not the caller */
export async function update(
  collectionName: string,
  selector: Document,
  modifier: Document,
  options: UpdateOptions,
  generatedId: boolean,
): Promise<UpsertResult> {
  checkModifier(modifier);
  const known = options.upsert ? idOfNewDocument(selector, modifier) : undefined;
  const giveId = options.upsert && !known ? options.insertedId : undefined;
  const operates = hasOperators(modifier);
  // The database generates ObjectIDs itself; only a string id has to be passed.
  const replaceWithId = !operates && giveId && !(giveId instanceof ObjectID && generatedId) ? giveId : undefined;
  const result = await write(collectionName, known ? { _id: known } : selector, collection => {
    if (replaceWithId) return replaceOrInsert(collection, selector, modifier, replaceWithId);
    const withId = giveId && operates ? setOnInsert(modifier, giveId) : modifier;
    return run(collection, toMongo(selector), toMongo(withId), options);
  });
  return toUpsertResult(result, known ?? (operates ? giveId : replaceWithId));
}

function checkModifier(modifier: Document): void {
  if (!modifier || typeof modifier !== 'object') throw new Error('Invalid modifier. Modifier must be an object.');
  if (Array.isArray(modifier) || modifier instanceof Date || modifier instanceof ObjectID)
    throw new Error('Only plain objects may be used as replacement documents in MongoDB');
}

const isOperator = (key: string): boolean => key.startsWith('$');

/** Whether the modifier changes documents; otherwise it replaces them. An empty one inserts as a replacement. */
function hasOperators(modifier: Document): boolean {
  const keys = Object.keys(modifier);
  if (keys.some(isOperator) && !keys.every(isOperator))
    throw new Error('Update parameter cannot have both modifier and non-modifier fields.');
  return keys.some(isOperator);
}

function run(
  collection: Collection<Document>,
  selector: Document,
  modifier: Document,
  { upsert, multi, arrayFilters }: UpdateOptions,
): Promise<UpdateResult> {
  const options = { ...(upsert ? { upsert } : {}), ...(arrayFilters ? { arrayFilters } : {}) };
  if (!Object.keys(modifier).every(isOperator))
    return collection.replaceOne(selector, modifier, options) as Promise<UpdateResult>;
  return multi ? collection.updateMany(selector, modifier, options) : collection.updateOne(selector, modifier, options);
}

const setOnInsert = (modifier: Document, id: Id): Document => ({
  ...modifier,
  $setOnInsert: { ...modifier.$setOnInsert, _id: id },
});

/** The id that an upsert's new document would have by its selector or modifier. */
function idOfNewDocument(selector: Document, modifier: Document): Id | undefined {
  const ids = idsMatchedBy(selector);
  const candidates = [
    ids?.length === 1 ? ids[0] : selector._id,
    modifier._id,
    modifier.$set?._id,
    modifier.$setOnInsert?._id,
  ];
  // Numbers are no ids of Meteor's, but it takes them from the caller.
  return candidates.find((candidate): candidate is Id => isId(candidate) || typeof candidate === 'number');
}

/** Retries, since another writer may insert or remove between the two steps. */
const replaceTries = 3;
const immutableFieldCode = 66;

/** An upsert by replacement that names no id: the new document's id is ours, and an old one keeps its own. */
async function replaceOrInsert(
  collection: Collection<Document>,
  selector: Document,
  replacement: Document,
  id: Id,
): Promise<UpdateResult> {
  const [filter, document] = [toMongo(selector), toMongo(replacement)];
  for (let left = replaceTries; left > 0; left--) {
    const replaced = (await collection.replaceOne(filter, document)) as UpdateResult;
    if (replaced.matchedCount > 0) return replaced;
    try {
      const withId = { ...document, _id: toMongo(id) } as Document;
      return (await collection.replaceOne(filter, withId, { upsert: true })) as UpdateResult;
    } catch (error) {
      if ((error as { code?: number }).code !== immutableFieldCode) throw error;
    }
  }
  throw new Error(`Upsert failed after ${replaceTries} tries.`);
}

function toUpsertResult(result: UpdateResult, knownId: Id | undefined): UpsertResult {
  if (!result.upsertedCount) return { numberAffected: result.matchedCount || result.modifiedCount };
  return { numberAffected: result.upsertedCount, insertedId: knownId ?? fromMongo<Id>(result.upsertedId) };
}
