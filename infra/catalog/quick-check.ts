import SimpleSchema from 'simpl-schema';
import type { FlatFields } from './compile-payload';

/** True means "surely fits"; false means nothing, and simpl-schema decides. */
export type QuickCheck = (value: unknown) => boolean;

interface FieldRule {
  type: unknown;
  optional?: boolean;
  min?: number | Date;
  max?: number | Date;
  exclusiveMin?: boolean;
  exclusiveMax?: boolean;
  minCount?: number;
  maxCount?: number;
  regEx?: RegExp;
  allowedValues?: readonly unknown[];
}

/**
 * Accepts a good payload in about a microsecond, where simpl-schema takes fifty: a queue parses each payload twice. If
 * this check is not sure, simpl-schema decides; only simpl-schema refuses, with the reason.
 */
export function quickCheckOf(fields: FlatFields): QuickCheck {
  return objectCheck(fields, '');
}

function objectCheck(fields: FlatFields, prefix: string): QuickCheck {
  const own = [...fields].filter(([key]) => key.startsWith(prefix) && !key.slice(prefix.length).includes('.'));
  const checks = own.map(([key, field]) => {
    const rule = field as unknown as FieldRule;
    const name = key.slice(prefix.length);
    return { name, check: fieldCheck(fields, key, rule), optional: rule.optional === true };
  });
  const names = new Set(checks.map(({ name }) => name));
  return value => {
    if (!isPlainObject(value)) return false;
    for (const name in value) if (!names.has(name)) return false;
    for (const { name, check, optional } of checks) {
      const part = value[name];
      if (part === undefined ? !optional : !check(part)) return false;
    }
    return true;
  };
}

function fieldCheck(fields: FlatFields, key: string, rule: FieldRule): QuickCheck {
  const ofType = typeCheck(fields, key, rule);
  const { allowedValues } = rule;
  return allowedValues ? value => allowedValues.includes(value) && ofType(value) : ofType;
}

function typeCheck(fields: FlatFields, key: string, rule: FieldRule): QuickCheck {
  switch (rule.type) {
    case String:
      return stringCheck(rule);
    case Number:
      return numberCheck(rule);
    case SimpleSchema.Integer:
      return andInteger(numberCheck(rule));
    case Boolean:
      return value => typeof value === 'boolean';
    case Array:
      return arrayCheck(fields, key, rule);
    case Object:
      return 'blackbox' in rule ? unsure : objectCheck(fields, `${key}.`);
    default:
      return unsure;
  }
}

const unsure: QuickCheck = () => false;

function andInteger(check: QuickCheck): QuickCheck {
  return value => Number.isInteger(value) && check(value);
}

function numberCheck({ min, max, exclusiveMin, exclusiveMax }: FieldRule): QuickCheck {
  if (exclusiveMin || exclusiveMax || min instanceof Date || max instanceof Date) return unsure;
  const lowest = min ?? Number.NEGATIVE_INFINITY;
  const highest = max ?? Number.POSITIVE_INFINITY;
  return value => typeof value === 'number' && value >= lowest && value <= highest;
}

function stringCheck({ min, max, regEx }: FieldRule): QuickCheck {
  const lowest = Number(min ?? 0);
  const highest = Number(max ?? Number.POSITIVE_INFINITY);
  return value =>
    typeof value === 'string' && value.length >= lowest && value.length <= highest && (!regEx || regEx.test(value));
}

function arrayCheck(fields: FlatFields, key: string, { minCount = 0, maxCount }: FieldRule): QuickCheck {
  const item = fields.get(`${key}.$`) as unknown as FieldRule | undefined;
  if (!item || item.optional) return unsure;
  const check = fieldCheck(fields, `${key}.$`, item);
  const highest = maxCount ?? Number.POSITIVE_INFINITY;
  return value =>
    Array.isArray(value) && value.length >= minCount && value.length <= highest && everyItem(value, check);
}

/** Unlike `every`, which passes over holes. */
function everyItem(items: readonly unknown[], check: QuickCheck): boolean {
  for (let index = 0; index < items.length; index++) if (!check(items[index])) return false;
  return true;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
