import { show } from './show';

const deepest = 32;

/**
 * Finds what would not arrive as it was sent: EJSON carries strings, numbers, booleans, null, dates, arrays and plain
 * objects. Class instances, functions, symbols, big integers, circles and names that MongoDB reads as operators do not.
 */
export function findForeignValues(value: unknown, path: string, problems: string[], depth = 0): void {
  if (value === null || value === undefined || isScalar(value) || isDate(value)) return;
  if (typeof value !== 'object') {
    problems.push(`${path}: ${show(value)} cannot be stored; ${allowed}`);
  } else if (depth >= deepest) {
    problems.push(`${path}: nested deeper than ${deepest} levels, or in a circle`);
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => {
      findForeignValues(item, `${path}.${index}`, problems, depth + 1);
    });
  } else if (isPlainObject(value)) {
    for (const [name, item] of Object.entries(value)) {
      if (name.startsWith('$') || name.includes('.') || name === '__proto__')
        problems.push(`${path}.${name}: a name must not be __proto__, begin with $ or hold a dot`);
      else findForeignValues(item, `${path}.${name}`, problems, depth + 1);
    }
  } else {
    problems.push(`${path}: an instance of ${value.constructor?.name ?? 'a class'} cannot be stored; ${allowed}`);
  }
}

const allowed = 'a payload holds strings, numbers, booleans, null, dates, arrays and plain objects';

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** By tag, not by instanceof: a date may come from another realm (a vm, a structured clone). */
function isDate(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object Date]';
}

function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
