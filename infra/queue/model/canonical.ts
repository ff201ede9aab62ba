import { isDate, isPlainObject } from '../../catalog';

/**
 * One text for one value in its normal form, and no other value has the same: JSON with sorted names, where dates and
 * the numbers that JSON lacks stand as words that JSON does not know.
 *
 * @throws TypeError where the value is in no normal form, as what somebody else wrote into the database may be.
 */
export function canonical(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'boolean' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object') throw new TypeError(`a ${typeof value} has no canonical text`);
  if (isPlainObject(value)) return canonicalRecord(value as Record<string, unknown>);
  if (isDate(value)) return `Date(${Number(value)})`;
  throw new TypeError('an instance of a class has no canonical text');
}

function canonicalRecord(record: Record<string, unknown>): string {
  const names = Object.keys(record).sort();
  return `{${names.map(name => `${JSON.stringify(name)}:${canonical(record[name])}`).join()}}`;
}
