interface Comparable {
  equals(other: unknown): boolean;
}

/** Deeper than any document; what is deeper counts as different, so that cycles come to an end. */
const deepest = 50;

/** Whether two values are the same data: plain objects, arrays, dates, bytes and ids by content, all else by identity. */
export function sameData(a: unknown, b: unknown, depth = 0): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || depth > deepest) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (Array.isArray(a) || a instanceof Uint8Array) return sameItems(a, b as typeof a, depth);
  if (a instanceof Date) return a.getTime() === (b as Date).getTime();
  if (isPlain(a)) return sameFields(a, b as typeof a, depth);
  return isComparable(a) && a.equals(b);
}

function sameItems(a: ArrayLike<unknown>, b: ArrayLike<unknown>, depth: number): boolean {
  return a.length === b.length && Array.from(a).every((item, index) => sameData(item, b[index], depth + 1));
}

function sameFields(a: Record<string, unknown>, b: Record<string, unknown>, depth: number): boolean {
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every(key => Object.hasOwn(b, key) && sameData(a[key], b[key], depth + 1));
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isComparable(value: object): value is Comparable {
  return 'equals' in value && typeof value.equals === 'function';
}
