import type { Document, FindOptions, SortDirection } from 'mongodb';
import { check, Match } from '../shared/check';
import type { Transform } from '../shared/collection';

/** The options of `find`; `fields` is an older name of `projection`. */
export type FindArguments = CursorOptions & { fields?: Document };

/** The options of a cursor. */
export interface CursorOptions {
  projection?: Document;
  /** `{ a: 1 }`, `[['a', 'asc'], ['b', -1]]` or `['a', 'b']` */
  sort?: Document | unknown[];
  limit?: number;
  skip?: number;
  hint?: FindOptions['hint'];
  readPreference?: FindOptions['readPreference'];
  maxTimeMs?: number;
  transform?: Transform;
  /** Without change streams: how often (ms) a live query reads, and how soon again after a write. */
  pollingIntervalMs?: number;
  pollingThrottleMs?: number;
  disableOplog?: boolean;
  tailable?: boolean;
}

/** Which documents a cursor is about. */
export interface CursorDescription {
  collectionName: string;
  selector: Document;
  options: CursorOptions;
}

/** @throws Match.Error for options of wrong types */
export function parseOptions(given: FindArguments | null | undefined): CursorOptions {
  const { fields, projection, ...others } = given ?? {};
  const options = { ...others, ...(fields || projection ? { projection: fields || projection } : {}) };
  check(
    options,
    Match.ObjectIncluding({
      projection: Match.Optional(Match.OneOf(Object, undefined)),
      sort: Match.Optional(Match.OneOf(Object, Array, undefined)),
      limit: Match.Optional(Match.OneOf(Number, undefined)),
      skip: Match.Optional(Match.OneOf(Number, undefined)),
    }),
  );
  if (options.tailable) throw new Error('tailable cursors are not covered by the Node host');
  return options;
}

export function toFindOptions(options: CursorOptions): FindOptions {
  const { limit, skip, hint, readPreference, maxTimeMs, projection } = options;
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(skip === undefined ? {} : { skip }),
    ...(hint === undefined ? {} : { hint }),
    ...(readPreference === undefined ? {} : { readPreference }),
    ...(maxTimeMs === undefined ? {} : { maxTimeMS: maxTimeMs }),
    ...(options.sort === undefined ? {} : { sort: toSort(options.sort) }),
    ...(projection === undefined ? {} : { projection }),
  };
}

function toSort(sort: Document | unknown[]): Document | [string, SortDirection][] {
  if (!Array.isArray(sort)) return sort;
  const pair = sort.length === 2 && isDirection(sort[1]) ? [sort] : sort;
  return pair.map(item => (Array.isArray(item) ? [item[0], item[1] ?? 1] : [String(item), 1])) as never;
}

const isDirection = (value: unknown): boolean =>
  ['1', '-1', 'asc', 'desc', 'ascending', 'descending'].includes(String(value));
