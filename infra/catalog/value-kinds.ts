/** Whether a text has no half of a surrogate pair: one that names something is refused with it, not mended. */
export function isWellFormed(text: string): boolean {
  return text.isWellFormed();
}

/** Of any realm (a vm, a test runner): what has the Object.prototype of its own, or none. */
export function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || isRootOfObjects(prototype);
}

function isRootOfObjects(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

/** By what Date itself says: neither a tag nor a prototype can pretend it. */
export function isDate(value: unknown): boolean {
  // What it says of anything else is an error, which costs a stack.
  if (typeof value !== 'object' || value === null) return false;
  try {
    Date.prototype.getTime.call(value);
    return true;
  } catch {
    return false;
  }
}

/** A date's milliseconds; NaN where it is an invalid date, or none. */
export function timeOf(value: unknown): number {
  return isDate(value) ? Date.prototype.getTime.call(value) : Number.NaN;
}

const kindOfTypedArray = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get;

/** The kind of a typed array, which a Buffer is one of; a DataView has none. */
export function kindOfView(view: ArrayBufferView): string {
  return kindOfTypedArray?.call(view) ?? 'DataView';
}

export function describeInstance(value: object): string {
  const name = classOf(value);
  return name === 'ObjectId' ? 'an ObjectId (use its toHexString())' : `an instance of ${name}`;
}

function classOf(value: object): string {
  try {
    return String(value.constructor?.name || 'a class without a name').slice(0, 80);
  } catch {
    return 'a class that cannot be named';
  }
}

/** As UTF-8, where there is Node; at least so much elsewhere. */
export function byteLength(text: string): number {
  return typeof Buffer === 'undefined' ? text.length : Buffer.byteLength(text);
}
