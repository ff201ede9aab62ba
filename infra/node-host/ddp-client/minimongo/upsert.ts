import { update as applyModifier } from 'mingo/updater';
import { EJSON } from '../../shared/ejson';
import { type Document, idIn, type Selector } from './selector';

/** @throws when operators and plain fields are mixed */
export function isReplacement(modifier: Record<string, unknown>): boolean {
  const operators = Object.keys(modifier).filter(key => key.startsWith('$'));
  if (operators.length > 0 && operators.length < Object.keys(modifier).length) {
    throw new Error(`update: ${operators.join(', ')} cannot stand beside plain fields`);
  }
  return operators.length === 0;
}

/** The document that an upsert inserts: what the selector says to be equal, then the modifier. */
export function insertedByUpsert(selector: Selector, modifier: Record<string, unknown>): Record<string, unknown> {
  const id = idIn(selector);
  const named = id === undefined ? {} : { _id: id };
  if (isReplacement(modifier)) return { ...modifier, ...named };
  const { $setOnInsert, ...others } = modifier as Record<string, Record<string, unknown>>;
  const document = { ...named } as Document;
  const { _id, ...equal } = equalities(selector);
  applyModifier(document, { $set: equal });
  applyModifier(document, EJSON.clone({ ...others, $set: { ...$setOnInsert, ...others.$set } }));
  return document;
}

function equalities(selector: Selector): Record<string, unknown> {
  if (!selector || typeof selector !== 'object') return {};
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(selector)) {
    if (key === '$and') Object.assign(fields, ...(value as Selector[]).map(equalities));
    else if (!key.startsWith('$') && isEquality(value)) fields[key] = EJSON.clone(equalValue(value));
  }
  return fields;
}

function isEquality(value: unknown): boolean {
  if (value instanceof RegExp) return false;
  if (value === null || typeof value !== 'object' || EJSON._isCustomType(value)) return true;
  return Object.keys(value).every(key => !key.startsWith('$') || key === '$eq');
}

function equalValue(value: unknown): unknown {
  const isOperator = value !== null && typeof value === 'object' && Object.hasOwn(value, '$eq');
  return isOperator ? (value as { $eq: unknown }).$eq : value;
}
