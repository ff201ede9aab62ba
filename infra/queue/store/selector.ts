import type { Selector } from './task-store';

type Comparison = (value: unknown, operand: never) => boolean;

const comparisons: Record<string, Comparison> = {
  $eq: (value, operand) => equal(value, operand),
  $ne: (value, operand) => !equal(value, operand),
  $in: (value, operand: unknown[]) => operand.some(one => equal(value, one)),
  $nin: (value, operand: unknown[]) => !operand.some(one => equal(value, one)),
  $gt: (value, operand) => (value as number) > operand,
  $gte: (value, operand) => (value as number) >= operand,
  $lt: (value, operand) => (value as number) < operand,
  $lte: (value, operand) => (value as number) <= operand,
  $exists: (value, operand) => (value !== undefined) === operand,
};

/**
 * Whether a task in memory matches a selector of fields (dotted paths) and the plain comparisons.
 *
 * @throws where the selector has an operator that memory does not know, instead of matching too much.
 */
export function matches(document: object, selector: Selector): boolean {
  return Object.entries(selector).every(([path, condition]) => {
    if (path.startsWith('$')) throw new Error(`selector: ${path} is not known to tasks in memory`);
    return matchesField(valueAt(document, path), condition);
  });
}

function matchesField(value: unknown, condition: unknown): boolean {
  if (!isOperators(condition)) return equal(value, condition);
  return Object.entries(condition).every(([operator, operand]) => {
    const compare = comparisons[operator];
    if (!compare) throw new Error(`selector: ${operator} is not known to tasks in memory`);
    return compare(value, operand as never);
  });
}

function isOperators(condition: unknown): condition is Record<string, unknown> {
  return typeof condition === 'object' && condition !== null && Object.keys(condition).some(key => key.startsWith('$'));
}

function equal(a: unknown, b: unknown): boolean {
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  return a === b || (a === undefined && b === null);
}

function valueAt(document: unknown, path: string): unknown {
  return path.split('.').reduce((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);
}
