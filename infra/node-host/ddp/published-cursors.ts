/** A cursor that knows how to feed a subscription. */
interface Publishable {
  _publishCursor(subscription: object): Promise<unknown>;
  _getCollectionName(): string;
}

/**
 * The cursors that a publish function has returned.
 *
 * @param result a cursor, or cursors of different collections
 * @throws for anything else
 */
export function cursorsOf(result: unknown): Publishable[] {
  const cursors = Array.isArray(result) ? result : [result];
  if (!cursors.every(isPublishable)) throw new Error(describeJunk(result));
  const twice = firstRepeated(cursors.map(cursor => cursor._getCollectionName()));
  if (twice !== undefined) throw new Error(`Publish function returned multiple cursors for collection ${twice}`);
  return cursors;
}

function isPublishable(value: unknown): value is Publishable {
  return typeof (value as Publishable | null)?._publishCursor === 'function';
}

const describeJunk = (result: unknown): string =>
  Array.isArray(result)
    ? 'Publish function returned an array of non-Cursors'
    : 'Publish function can only return a Cursor or an array of Cursors';

const firstRepeated = (names: string[]): string | undefined => names.find((name, i) => names.indexOf(name) !== i);
