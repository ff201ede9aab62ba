import { EJSON } from './ejson';
import { MeteorError, makeErrorType } from './meteor-error';

// The patterns of `Match` that are no plain values or constructors.

export class Optional {
  constructor(readonly pattern: unknown) {}
}
export class Maybe {
  constructor(readonly pattern: unknown) {}
}
export class OneOf {
  constructor(readonly choices: unknown[]) {
    if (choices.length === 0) throw new Error('Must provide at least one choice to Match.OneOf');
  }
}
export class Where {
  constructor(readonly condition: (value: unknown) => unknown) {}
}
export class ObjectIncluding {
  constructor(readonly pattern: Record<string, unknown>) {}
}
export class ObjectWithValues {
  constructor(readonly pattern: unknown) {}
}

export const any = ['__any__'];
export const integer = ['__integer__'];
export const nonEmptyString = ['__NonEmptyString__'];

export const MatchError = makeErrorType(
  'Match.Error',
  function (this: Error & { path: string; sanitizedError: MeteorError }, message: string) {
    this.message = `Match error: ${message}`;
    this.path = '';
    // The part that the other side of a connection may see.
    this.sanitizedError = new MeteorError(400, 'Match failed');
  },
);

export interface Failure {
  message: string;
  /** Where in the value, as `a.b[2].c`; empty for the value itself. */
  path: string;
}

export function firstFailure(value: unknown, pattern: unknown): Failure | undefined {
  for (const failure of failures(value, pattern)) return failure;
  return undefined;
}

const primitives = new Map<unknown, string>([
  [String, 'string'],
  [Number, 'number'],
  [Boolean, 'boolean'],
  [undefined, 'undefined'],
]);

/** Why a value does not match a pattern; undefined if it does. */
export function* failures(value: unknown, pattern: unknown): Generator<Failure> {
  if (pattern === any) return;
  if (primitives.has(pattern)) yield* ofPrimitive(value, primitives.get(pattern)!);
  else if (pattern === null) yield* unless(value === null, `Expected null, got ${show(value)}`);
  else if (typeof pattern !== 'object' && typeof pattern !== 'function')
    yield* unless(value === pattern, `Expected ${pattern}, got ${show(value)}`);
  else if (pattern === integer)
    yield* unless(typeof value === 'number' && (value | 0) === value, `Expected Integer, got ${show(value)}`);
  else if (pattern === nonEmptyString)
    yield* unless(typeof value === 'string' && value.length > 0, 'Failed Match.Where validation');
  else if (Array.isArray(pattern)) yield* ofArray(value, pattern);
  else if (pattern instanceof Where) yield* ofCondition(value, pattern);
  else if (pattern instanceof Maybe) yield* ofChoices(value, [undefined, null, pattern.pattern]);
  else if (pattern instanceof Optional) yield* ofChoices(value, [undefined, pattern.pattern]);
  else if (pattern instanceof OneOf) yield* ofChoices(value, pattern.choices);
  else if (pattern === Object) yield* ofObject(value, {}, any);
  else if (typeof pattern === 'function')
    yield* unless(value instanceof pattern, `Expected ${pattern.name || 'particular constructor'}`);
  else if (pattern instanceof ObjectIncluding) yield* ofObject(value, pattern.pattern, any);
  else if (pattern instanceof ObjectWithValues) yield* ofObject(value, {}, pattern.pattern);
  else yield* ofObject(value, pattern as Record<string, unknown>);
}

function* unless(matches: boolean, message: string): Generator<Failure> {
  if (!matches) yield { message, path: '' };
}

function* ofPrimitive(value: unknown, type: string): Generator<Failure> {
  yield* unless(typeof value === type, `Expected ${type}, got ${value === null ? 'null' : typeof value}`);
}

function* ofArray(value: unknown, pattern: unknown[]): Generator<Failure> {
  if (pattern.length !== 1) {
    yield { message: `Bad pattern: arrays must have one type element ${show(pattern)}`, path: '' };
    return;
  }
  const items = Array.isArray(value) ? value : isArguments(value) ? Array.from(value) : undefined;
  if (!items) yield { message: `Expected array, got ${show(value)}`, path: '' };
  for (const [index, item] of (items ?? []).entries()) yield* within(index, failures(item, pattern[0]));
}

function* ofCondition(value: unknown, pattern: Where): Generator<Failure> {
  try {
    yield* unless(Boolean(pattern.condition(value)), 'Failed Match.Where validation');
  } catch (error) {
    if (!(error instanceof MatchError)) throw error;
    yield { message: error.message, path: error.path };
  }
}

function* ofChoices(value: unknown, choices: unknown[]): Generator<Failure> {
  const matches = choices.some(choice => firstFailure(value, choice) === undefined);
  yield* unless(matches, 'Failed Match.OneOf, Match.Maybe or Match.Optional validation');
}

/** @param others the pattern of fields that `pattern` doesn't name; without it there may be none */
function* ofObject(value: unknown, pattern: Record<string, unknown>, others?: unknown): Generator<Failure> {
  if (typeof value !== 'object' || value === null) {
    yield { message: `Expected object, got ${value === null ? 'null' : typeof value}`, path: '' };
    return;
  }
  if (!isPlainObject(value)) {
    yield { message: 'Expected plain object', path: '' };
    return;
  }
  for (const key in value) {
    const field = (value as Record<string, unknown>)[key];
    if (Object.hasOwn(pattern, key)) yield* within(key, failures(field, required(pattern[key])));
    else if (others === undefined) yield { message: 'Unknown key', path: fieldPath(key, '') };
    else yield* within(key, failures(field, others));
  }
  for (const key of Object.keys(pattern)) {
    const optional = pattern[key] instanceof Optional || pattern[key] instanceof Maybe;
    if (!optional && !(key in value)) yield { message: `Missing key '${key}'`, path: '' };
  }
}

/** A key that is there must match: `Optional` only says that it need not be there. */
const required = (pattern: unknown): unknown =>
  pattern instanceof Optional || pattern instanceof Maybe ? pattern.pattern : pattern;

function* within(key: string | number, inner: Iterable<Failure>): Generator<Failure> {
  for (const failure of inner) yield { ...failure, path: fieldPath(key, failure.path) };
}

function fieldPath(key: string | number, rest: string): string {
  const own = /^\d+$/.test(String(key))
    ? `[${key}]`
    : /^[a-z_$][\w$]*$/i.test(String(key))
      ? String(key)
      : JSON.stringify([key]);
  return rest && !rest.startsWith('[') ? `${own}.${rest}` : own + rest;
}

function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || (Object.hasOwn(prototype, 'constructor') && prototype.constructor === Object);
}

function isArguments(value: unknown): value is ArrayLike<unknown> {
  return Object.prototype.toString.call(value) === '[object Arguments]';
}

function show(value: unknown): string {
  if (value === null) return 'null';
  try {
    return EJSON.stringify(value);
  } catch {
    return typeof value;
  }
}
