import type { Document, FindOptions } from 'mongodb';
import { didYouMean, show } from '../../catalog';

/** The driver's options that `find` and `findOne` know what to do with. */
export type TaskFindOptions = Pick<
  FindOptions,
  'projection' | 'sort' | 'skip' | 'limit' | 'hint' | 'batchSize' | 'maxTimeMS' | 'comment' | 'collation' | 'session'
>;

const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const isObject = (value: unknown) => typeof value === 'object' && value !== null;
const isText = (value: unknown) => typeof value === 'string';

const checks: Record<keyof TaskFindOptions, (value: unknown) => boolean> = {
  projection: isObject,
  sort: value => isObject(value) || isText(value),
  skip: isCount,
  limit: isCount,
  hint: value => isObject(value) || isText(value),
  batchSize: isCount,
  maxTimeMS: isCount,
  comment: () => true,
  collation: isObject,
  session: isObject,
};

/** What people know under another name, too far from ours for a guess by letters. */
const otherNames: Record<string, keyof TaskFindOptions> = {
  fields: 'projection',
  select: 'projection',
  offset: 'skip',
};

/** @throws TypeError where an option is unknown, which the driver would pass over without a word, or has no such value. */
export function parseFindOptions(given: unknown, caller: 'find' | 'findOne'): TaskFindOptions {
  if (given === undefined) return {};
  if (!isObject(given)) throw new TypeError(`${caller}: ${show(given)} is no object of options`);
  const known = Object.keys(checks).filter(name => caller === 'find' || name !== 'limit');
  const entries = Object.entries(given as Document).filter(([, value]) => value !== undefined);
  for (const [name, value] of entries) {
    if (!known.includes(name)) throw new TypeError(`${caller}: unknown option ${name}${hintFor(name, known)}`);
    if (!checks[name as keyof TaskFindOptions](value))
      throw new TypeError(`${caller}: ${show(value)} is no value of ${name}`);
  }
  return Object.fromEntries(entries);
}

function hintFor(name: string, known: readonly string[]): string {
  const other = Object.hasOwn(otherNames, name) ? otherNames[name] : undefined;
  return other ? `, did you mean ${other}?` : didYouMean(name, known);
}
