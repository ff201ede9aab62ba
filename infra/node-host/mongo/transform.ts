import type { Document } from 'mongodb';
import { EJSON } from '../shared/ejson';
import type { Transform } from './cursor-options';

/** Guards a transform: it must give an object, which keeps the document's id. */
export function wrapTransform(transform: Transform | undefined): Transform {
  if (!transform) return null;
  return document => {
    if (!Object.hasOwn(document, '_id')) throw new Error('can only transform documents with _id');
    const id = document._id;
    const transformed = transform(document) as Document;
    if (typeof transformed !== 'object' || transformed === null || Array.isArray(transformed))
      throw new Error('transform must return object');
    if (Object.hasOwn(transformed, '_id') && !EJSON.equals(transformed._id, id))
      throw new Error("transformed document can't have different _id");
    transformed._id = id;
    return transformed;
  };
}
