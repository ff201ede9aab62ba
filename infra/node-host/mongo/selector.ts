import type { Document } from 'mongodb';
import { ObjectID } from '../shared/object-id';
import { Random } from '../shared/random';

export type Id = string | ObjectID;

export const isId = (value: unknown): value is Id => typeof value === 'string' || value instanceof ObjectID;

/**
 * The full selector: an id selects its document; undefined or an empty id matches nothing, so that a forgotten value
 * never touches everything.
 *
 * @param fallbackId the id that an upsert gives if the selector names none
 */
export function rewriteSelector(selector: unknown, fallbackId?: Id): Document {
  if (isId(selector) || typeof selector === 'number') return { _id: selector };
  if (Array.isArray(selector)) throw new Error("Mongo selector can't be an array.");
  const given = selector as Document | null | undefined;
  if (!given || ('_id' in given && !given._id)) return { _id: fallbackId ?? Random.id() };
  return given;
}

/** The ids to which a selector is limited; undefined if it isn't limited to ids. */
export function idsMatchedBy(selector: Document): Id[] | undefined {
  const { _id: id } = selector;
  if (isId(id)) return [id];
  if (Array.isArray(id?.$in) && id.$in.length > 0 && id.$in.every(isId)) return id.$in;
  if (isId(id?.$eq)) return [id.$eq];
  for (const part of Array.isArray(selector.$and) ? selector.$and : []) {
    const ids = idsMatchedBy(part);
    if (ids) return ids;
  }
  return undefined;
}

export type Scalar = string | number | boolean;

const isScalar = (value: unknown): value is Scalar =>
  ['string', 'number', 'boolean'].includes(typeof value) && !Number.isNaN(value);

/** What a selector wants fields to be, as far as it names plain values: the paths of these fields, and the values. */
export function equalitiesOf(selector: Document): (readonly [path: string, value: Scalar])[] {
  return Object.entries(selector).flatMap(([path, wanted]) => {
    if (path === '$and' && Array.isArray(wanted)) return wanted.flatMap(part => equalitiesOf(Object(part)));
    const value = wanted?.$eq ?? wanted;
    return !path.startsWith('$') && isScalar(value) ? [[path, value] as const] : [];
  });
}
