import { Context } from 'mingo/core';
import * as projectionOperators from 'mingo/operators/projection';
import * as queryOperators from 'mingo/operators/query';
import { Query } from 'mingo/query';
import { update as applyModifier } from 'mingo/updater';
import { EJSON } from '../../shared/ejson';
import { ObjectID } from '../../shared/object-id';

/** A document of a collection, never changed in place, so that the same object means the same content. */
export type Document = { _id: unknown } & Record<string, unknown>;

const context = Context.init({ query: { ...queryOperators }, projection: { ...projectionOperators } });

/** A selector, an `_id`, or nothing at all. */
export type Selector = Record<string, unknown> | string | ObjectID | undefined | null;
/** 1 or true for the fields wanted, or 0 or false for those not wanted. */
export type Fields = Record<string, unknown>;
export type Sort = Record<string, 1 | -1> | (string | [string, 'asc' | 'desc'])[];

/** @throws for operators that do not exist */
export function compileSelector(selector: Selector): (document: Document) => boolean {
  if (selectsNothing(selector)) return () => false;
  const query = new Query<Document>(isId(selector) ? { _id: selector } : (selector as never), { context });
  return document => query.test(document);
}

/** The one `_id` that a selector names, if any. */
export function idIn(selector: Selector): unknown {
  if (isId(selector)) return selector;
  const id = selector?._id;
  return isId(id) ? id : undefined;
}

/** @returns a function that gives a copy with the wanted fields; the document itself if no fields are named */
export function compileFields(fields: Fields | undefined): (document: Document) => Document {
  if (!fields || Object.keys(fields).length === 0) return document => document;
  const query = new Query<Document>({}, { context });
  const made = new WeakMap<Document, Document>();
  return document => {
    const known = made.get(document);
    if (known) return known;
    const [projected] = query.find<Document>([document], fields as never).all();
    made.set(document, projected!);
    return projected!;
  };
}

/** @returns a function that sorts the documents into a new array; equal ones keep their order */
export function compileSort(sort: Sort | undefined): (documents: Document[]) => Document[] {
  const order = Array.isArray(sort) ? fromPairs(sort) : (sort ?? {});
  if (Object.keys(order).length === 0) return documents => documents;
  const query = new Query<Document>({}, { context });
  return documents => query.find<Document>(documents).sort(order).all();
}

function fromPairs(sort: (string | [string, 'asc' | 'desc'])[]): Record<string, 1 | -1> {
  return Object.fromEntries(
    sort.map(entry => (typeof entry === 'string' ? [entry, 1] : [entry[0], entry[1] === 'desc' ? -1 : 1])),
  );
}

/** As in Meteor: a missing selector or an empty `_id` is a mistake that must not select everything. */
function selectsNothing(selector: Selector): boolean {
  return !selector || (!isId(selector) && Object.hasOwn(selector, '_id') && !selector._id);
}

function isId(value: unknown): value is string | ObjectID {
  return typeof value === 'string' || value instanceof ObjectID;
}

/** @throws when operators and plain fields are mixed */
export function isReplacement(modifier: Record<string, unknown>): boolean {
  const operators = Object.keys(modifier).filter(key => key.startsWith('$'));
  if (operators.length > 0 && operators.length < Object.keys(modifier).length) {
    throw new Error(`update: ${operators.join(', ')} cannot stand beside plain fields`);
  }
  return operators.length === 0;
}

/** The document that an upsert inserts: the selector's equalities, then the modifier. */
export function insertedByUpsert(selector: Selector, modifier: Record<string, unknown>): Record<string, unknown> {
  const id = idIn(selector);
  const named = id === undefined ? {} : { _id: id };
  if (isReplacement(modifier)) return { ...modifier, ...named };
  const { $setOnInsert, ...others } = modifier as Record<string, Record<string, unknown>>;
  const document = { ...named } as Document;
  const { _id, ...equal } = equalities(selector);
  applyModifier(document, { $set: equal });
  applyModifier(document, EJSON.clone({ ...others, $set: { ...$setOnInsert, ...others.$set } }));
  return document;
}

function equalities(selector: Selector): Record<string, unknown> {
  if (!selector || typeof selector !== 'object') return {};
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(selector)) {
    if (key === '$and') Object.assign(fields, ...(value as Selector[]).map(equalities));
    else if (!key.startsWith('$') && isEquality(value)) fields[key] = EJSON.clone(equalValue(value));
  }
  return fields;
}

function isEquality(value: unknown): boolean {
  if (value instanceof RegExp) return false;
  if (value === null || typeof value !== 'object' || EJSON._isCustomType(value)) return true;
  return Object.keys(value).every(key => !key.startsWith('$') || key === '$eq');
}

function equalValue(value: unknown): unknown {
  const isOperator = value !== null && typeof value === 'object' && Object.hasOwn(value, '$eq');
  return isOperator ? (value as { $eq: unknown }).$eq : value;
}
