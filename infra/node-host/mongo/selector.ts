import type { Document } from 'mongodb';
import { ObjectID } from '../shared/object-id';
import { Random } from '../shared/random';

export type Id = string | ObjectID;

export const isId = (value: unknown): value is Id => typeof value === 'string' || value instanceof ObjectID;

/**
 * The selector that is meant: an id stands for its document; nothing, or an empty id, matches nothing, so that a
 * forgotten value never touches everything.
 *
 * @param fallbackId the id that an upsert shall give where the selector names none
 */
export function rewriteSelector(selector: unknown, fallbackId?: Id): Document {
  if (isId(selector) || typeof selector === 'number') return { _id: selector };
  if (Array.isArray(selector)) throw new Error("Mongo selector can't be an array.");
  const given = selector as Document | null | undefined;
  if (!given || ('_id' in given && !given._id)) return { _id: fallbackId ?? Random.id() };
  return given;
}

/** The ids outside of which a selector matches nothing; undefined where it isn't bound to ids. */
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
