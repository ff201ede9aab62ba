import { EJSON } from './ejson';

// What `Mongo.Collection` has on both sides.

/** Gives another form of a document, such as an instance of a class. */
// biome-ignore lint/suspicious/noExplicitAny: the fields are the app's
export type Transform = ((document: Record<string, any>) => unknown) | null;

/** Guards a transform: it must give an object, which keeps the document's id. */
export function wrapTransform(transform: Transform | undefined): Transform {
  if (!transform) return null;
  return document => {
    if (!Object.hasOwn(document, '_id')) throw new Error('can only transform documents with _id');
    const id = document._id;
    const transformed = transform(document) as Record<string, unknown>;
    if (typeof transformed !== 'object' || transformed === null || Array.isArray(transformed))
      throw new Error('transform must return object');
    if (Object.hasOwn(transformed, '_id') && !EJSON.equals(transformed._id, id))
      throw new Error("transformed document can't have different _id");
    transformed._id = id;
    return transformed;
  };
}

/** @throws always: a rule that lets browsers write would have to be run. */
export function refuseAllow(collectionName: string | null): never {
  throw new Error(`${collectionName}.allow(): writes by browsers are not covered by the Node host, use a method`);
}
