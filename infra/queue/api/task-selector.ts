import type { Filter } from 'mongodb';
import { isDate, isPlainObject, isWellFormed, show, timeOf } from '../../catalog';
import type { Task } from '../model/task';

const deepest = 50;

/** What a selector means that says nothing. */
const nothing: Filter<Task> = { _id: { $in: [] } };

/**
 * Parses what `find`, `findOne`, `update` and `remove` are asked with. As in Meteor, a selector that is missing, or an
 * `_id` that is, matches nothing: it is a variable that was never set, not a wish for everything.
 *
 * @throws TypeError where a part of it has no value: the driver would leave it out, and match more than was meant.
 */
export function parseSelector(given: unknown, caller: string): Filter<Task> {
  if (typeof given === 'string') return isWellFormed(given) ? { _id: given } : nothing;
  if (given === undefined || given === null) return nothing;
  if (typeof given !== 'object' || !isPlainObject(given))
    throw new TypeError(`${caller}: ${show(given)} is no selector; give an id, or an object of fields`);
  const { _id } = given as { _id?: unknown };
  if ('_id' in given && (_id === undefined || _id === null)) return nothing;
  checkPart(given, caller, 0);
  return given as Filter<Task>;
}

/** @throws TypeError where it is no id: a variable that was never set must not hit some task. */
export function parseId(id: unknown, caller: string): string {
  if (typeof id === 'string' && isWellFormed(id)) return id;
  throw new TypeError(`${caller}: ${show(id)} is not the id of a task`);
}

/** What the driver leaves out (or writes as another value) would widen the selector. */
function checkPart(value: unknown, path: string, depth: number): void {
  if (value === undefined || typeof value === 'function' || typeof value === 'symbol')
    throw new TypeError(`${path}: ${show(value)} selects nothing; leave the name out, or give a value`);
  if (typeof value !== 'object' || value === null) return;
  if (isDate(value)) {
    if (Number.isNaN(timeOf(value))) throw new TypeError(`${path}: is an invalid date`);
    return;
  }
  if (depth > deepest) throw new TypeError(`${path}: nested deeper than ${deepest} levels, or in a circle`);
  if (Array.isArray(value))
    for (let index = 0; index < value.length; index++) checkPart(value[index], `${path}.${index}`, depth + 1);
  else if (isPlainObject(value))
    for (const [name, part] of Object.entries(value)) checkPart(part, `${path}.${name}`, depth + 1);
}
