import { difference } from '../ddp/collection-view';
import { database } from '../mongo/connection';
import { type CursorDescription, toFindOptions } from '../mongo/cursor-options';
import type { Id } from '../mongo/selector';
import { fromMongo, toMongo } from '../mongo/translate';
import { MongoID } from '../shared/object-id';
import type { Change } from './observer';
import type { Stale, Touched } from './stale-documents';

/** The last result of a live query, to compare with the next one. */
export class HeldResult {
  private result: Result = new Map();

  constructor(private readonly ordered: boolean) {}

  get entries(): Entry[] {
    return [...this.result.values()];
  }

  has(key: string): boolean {
    return this.result.has(key);
  }

  /** @param stale the documents that were read again @returns what has changed */
  replace(stale: Stale, found: Result): Change[] {
    return stale === 'everything' ? this.replaceAll(found) : this.replaceSome(stale, found);
  }

  private replaceAll(found: Result): Change[] {
    const before = this.result;
    this.result = found;
    return this.ordered ? orderedChangesBetween(before, found) : changesBetween(before, found);
  }

  private replaceSome(stale: Exclude<Stale, 'everything'>, found: Result): Change[] {
    const before: Result = new Map();
    for (const key of stale.keys()) {
      const known = this.result.get(key);
      if (known) before.set(key, known);
    }
    for (const key of before.keys()) this.result.delete(key);
    for (const [key, entry] of found) this.result.set(key, entry);
    return changesBetween(before, found);
  }
}

/**
 * Asks the database which of the touched documents a query finds. It always asks the primary: a change stream can be
 * ahead of a secondary, and an outdated result would not be read again.
 */
export async function findResult(description: CursorDescription, touched: Touched): Promise<Result> {
  const { collectionName, selector, options } = description;
  const filter = touched === 'everything' ? selector : { $and: [selector, { _id: { $in: touched } }] };
  const bounds =
    touched === 'everything'
      ? { ...toFindOptions(options), readPreference: 'primary' as const }
      : { projection: options.projection };
  const documents = await database().collection(collectionName).find(toMongo(filter), bounds).toArray();
  return new Map(documents.map(document => toEntry(fromMongo<Record<string, unknown>>(document))));
}

function toEntry({ _id, ...fields }: Record<string, unknown>): [string, Entry] {
  return [MongoID.idStringify(_id), { id: _id as Id, fields }];
}

/** One document of a result: its id and its other fields. */
interface Entry {
  id: Id;
  fields: Record<string, unknown>;
}

/** Documents by the DDP form of their ids, in order if the query has one. */
type Result = Map<string, Entry>;

/** The changes from one result to another when the order doesn't matter. */
function changesBetween(before: Result, now: Result): Change[] {
  const changes: Change[] = [];
  for (const [key, { id }] of before) if (!now.has(key)) changes.push({ kind: 'removed', id });
  for (const [key, entry] of now) changes.push(...changesOf(before.get(key), entry));
  return changes;
}

function changesOf(known: Entry | undefined, { id, fields }: Entry): Change[] {
  if (!known) return [{ kind: 'added', id, fields, before: null }];
  const changed = difference(known.fields, fields);
  return Object.keys(changed).length > 0 ? [{ kind: 'changed', id, fields: changed }] : [];
}

/**
 * The changes from one result to another, order included: removals first; then, from start to end, each document that
 * is new or out of place goes before the next one that stays.
 */
function orderedChangesBetween(before: Result, now: Result): Change[] {
  const removed = changesBetween(before, now).filter(change => change.kind === 'removed');
  const staying = [...before.keys()].filter(key => now.has(key));
  const inPlace = longestIncreasing(staying, new Map([...now.keys()].map((key, position) => [key, position])));
  let successor: Id | null = null;
  const placed = [...now].reverse().map(([key, entry]): Change[] => {
    const known = before.get(key);
    const changed = known ? changesOf(known, entry) : [];
    if (!known) return [{ kind: 'added', id: entry.id, fields: entry.fields, before: successor }];
    if (!inPlace.has(key)) return [...changed, { kind: 'moved', id: entry.id, before: successor }];
    successor = entry.id;
    return changed;
  });
  return [...removed, ...placed.reverse().flat()];
}

/** The largest set of keys that can stay while the others move around them. */
function longestIncreasing(keys: string[], positions: Map<string, number>): Set<string> {
  const position = (index: number): number => positions.get(keys[index]!)!;
  const tails: number[] = [];
  const predecessors: (number | undefined)[] = [];
  keys.forEach((_, index) => {
    const found = tails.findIndex(tail => position(tail) > position(index));
    const length = found < 0 ? tails.length : found;
    predecessors[index] = tails[length - 1];
    tails[length] = index;
  });
  const longest = new Set<string>();
  for (let index = tails.at(-1); index !== undefined; index = predecessors[index]) longest.add(keys[index]!);
  return longest;
}
