import { EJSON } from '../../shared/ejson';
import { MongoID } from '../../shared/object-id';
import type { Document } from './selector';

/** The changes of a query's documents. */
export interface Changes {
  /** @param before the document that follows; null at the end */
  added(document: Document, before: Document | null): void;
  changed(document: Document, previous: Document): void;
  moved(document: Document, before: Document | null): void;
  removed(document: Document): void;
}

/** Reports to `changes` the steps from one list of documents to another: few moves, in order. */
export function diff(previous: readonly Document[], next: readonly Document[], changes: Changes): void {
  const previousIndexes = new Map(previous.map((document, index) => [keyOf(document), index]));
  const nextKeys = new Set(next.map(keyOf));
  for (const document of previous) if (!nextKeys.has(keyOf(document))) changes.removed(document);

  const staying = longestIncreasing(next.map(document => previousIndexes.get(keyOf(document))));
  let group = 0;
  for (const end of [...staying, next.length]) {
    const before = next[end] ?? null;
    for (; group < end; group++) {
      const document = next[group]!;
      const old = previousAt(previous, previousIndexes, document);
      if (!old) changes.added(document, before);
      else {
        changedIfDifferent(document, old, changes);
        changes.moved(document, before);
      }
    }
    if (before) changedIfDifferent(before, previousAt(previous, previousIndexes, before)!, changes);
    group = end + 1;
  }
}

/** The fields that differ; those that are gone are undefined. `_id` never does. */
export function changedFields(next: Document, previous: Document): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const key of Object.keys(next)) {
    if (!Object.hasOwn(previous, key) || !EJSON.equals(next[key], previous[key])) fields[key] = next[key];
  }
  for (const key of Object.keys(previous)) if (!Object.hasOwn(next, key)) fields[key] = undefined;
  return fields;
}

export function keyOf(document: Document): string {
  return MongoID.idStringify(document._id);
}

function previousAt(previous: readonly Document[], indexes: Map<string, number>, document: Document) {
  const index = indexes.get(keyOf(document));
  return index === undefined ? undefined : previous[index];
}

function changedIfDifferent(document: Document, old: Document, changes: Changes): void {
  if (document !== old && !EJSON.equals(document, old)) changes.changed(document, old);
}

/**
 * The indexes (ascending) of a longest increasing subsequence, by patience sorting: these documents need not move.
 *
 * @param values undefined ones take no part
 */
function longestIncreasing(values: (number | undefined)[]): number[] {
  const tails: number[] = [];
  const predecessors: number[] = [];
  values.forEach((value, place) => {
    if (value === undefined) return;
    let pile = tails.length;
    while (pile > 0 && values[tails[pile - 1]!]! > value) pile--;
    predecessors[place] = tails[pile - 1] ?? -1;
    tails[pile] = place;
  });
  const places: number[] = [];
  for (let place = tails.at(-1) ?? -1; place >= 0; place = predecessors[place]!) places.push(place);
  return places.reverse();
}
