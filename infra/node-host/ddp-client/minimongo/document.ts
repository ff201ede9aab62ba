/** A document as it lies in a collection: never changed in place, so that the same object means the same content. */
export type Document = { _id: unknown } & Record<string, unknown>;
