import { show } from '../errors/plain-error';
import { didYouMean } from './nearest';

/** What simpl-schema says of one field. */
export interface FieldError {
  name: string;
  type: string;
  value?: unknown;
  [detail: string]: unknown;
}

type Say = (error: FieldError) => string;

const messages: Record<string, Say> = {
  required: () => 'is missing',
  minString: e => `${show(e.value)} is shorter than ${e.min} characters`,
  maxString: e => `${show(e.value)} is longer than ${e.max} characters`,
  minNumber: e => `${show(e.value)} is below ${e.min}`,
  maxNumber: e => `${show(e.value)} is above ${e.max}`,
  minNumberExclusive: e => `${show(e.value)} is not above ${e.min}`,
  maxNumberExclusive: e => `${show(e.value)} is not below ${e.max}`,
  minDate: e => `${show(e.value)} is before ${e.min}`,
  maxDate: e => `${show(e.value)} is after ${e.max}`,
  badDate: () => 'is an invalid date',
  minCount: e => `has ${(e.value as unknown[]).length} items, at least ${e.minCount} are needed`,
  maxCount: e => `has ${(e.value as unknown[]).length} items, at most ${e.maxCount} are allowed`,
  noDecimal: e => `${show(e.value)} is not an integer`,
  notAllowed: e => `${show(e.value)} is not one of the allowed values`,
  expectedType: e => `${show(e.value)} (${kindOf(e.value)}) is not of type ${e.dataType}`,
  regEx: e => `${show(e.value)} does not match ${e.regExp}`,
};

/** One line on one field: where, what it is, what it should be. */
export function describeProblem(path: string, error: FieldError, siblings: readonly string[]): string {
  const field = `${path}.${error.name}`;
  if (error.type === 'keyNotInSchema') return `${field}: unknown field${didYouMean(last(error.name), siblings)}`;
  return `${field}: ${messages[error.type]?.(error) ?? `${show(error.value)} is not valid (${error.type})`}`;
}

const last = (name: string) => name.slice(name.lastIndexOf('.') + 1);

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
