import { Binary, type Document, ObjectId } from 'mongodb';
import { EJSON } from '../shared/ejson';
import { ObjectID } from '../shared/object-id';

type Translate = (value: object) => unknown;

/** A document, selector or modifier of the app in the driver's form. Passes unchanged what needs no change. */
export const toMongo = <T>(value: T): T => replace(value, atomToMongo) as T;

/** A document from the driver in the app's form: ids are `Mongo.ObjectID`, binaries `Uint8Array`. */
export const fromMongo = <T = Document>(value: unknown): T => replace(value, atomFromMongo) as T;

function atomToMongo(value: object): unknown {
  if (value instanceof Binary) return value;
  if (EJSON.isBinary(value)) return new Binary(Buffer.from(value));
  if (value instanceof ObjectID) return new ObjectId(value.toHexString());
  if (isBson(value)) return value;
  if (EJSON._isCustomType(value)) return renameKeys(EJSON.toJSONValue(value), key => `EJSON${key}`);
  return undefined;
}

function atomFromMongo(value: object): unknown {
  if (value instanceof Binary) return value.sub_type === 0 ? new Uint8Array(value.value()) : value;
  if (value instanceof ObjectId) return new ObjectID(value.toHexString());
  if (isBson(value)) return value;
  if (isStoredCustomType(value)) return EJSON.fromJSONValue(renameKeys(value, key => key.slice('EJSON'.length)));
  return undefined;
}

/** Decimal128, Timestamp, Long …: the app uses the driver's own classes. */
const isBson = (value: object): boolean => '_bsontype' in value && !Object.hasOwn(value, '_bsontype');

const isStoredCustomType = (value: object): boolean =>
  'EJSON$type' in value && 'EJSON$value' in value && Object.keys(value).length === 2;

function replace(value: unknown, translate: Translate): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof RegExp) return value;
  const atom = translate(value);
  if (atom !== undefined) return atom;
  if (Array.isArray(value)) return value.map(item => replace(item, translate));
  const entries = Object.entries(value);
  const replaced = entries.map(([key, field]) => [key, replace(field, translate)] as const);
  const unchanged = replaced.every(([, field], i) => field === entries[i]![1]);
  return unchanged ? value : Object.fromEntries(replaced);
}

function renameKeys(value: unknown, rename: (key: string) => string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(item => renameKeys(item, rename));
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [rename(key), renameKeys(field, rename)]));
}
