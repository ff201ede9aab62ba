import { difference } from '../ddp/collection-view';
import type { Id } from '../mongo/selector';
import type { Change } from './observer';

/** One document of a result: its id and its other fields. */
export interface Entry {
  id: Id;
  fields: Record<string, unknown>;
}

/** Documents by their ids' DDP form; where the order counts, in that order. */
export type Result = Map<string, Entry>;

/** What turns one result into another when their order doesn't matter. */
export function changesBetween(before: Result, now: Result): Change[] {
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
 * What turns one result into another, order included: removals, then from the start to the end each document that is new
 * or out of place is put before the next one that stays where it is.
 */
export function orderedChangesBetween(before: Result, now: Result): Change[] {
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

/** The most keys that can stay where they are while the others move around them. */
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
