import SimpleSchema from 'simpl-schema';
import { show } from '../errors/plain-error';
import { didYouMean } from './nearest';
import { type Field, type FieldOptions, fieldKeys, type PayloadFields } from './payload-language';

/** simpl-schema's flat form of a payload: one entry by dotted path (`list.$.name`). */
export type FlatFields = Map<string, Record<string, unknown>>;

const scalars: readonly unknown[] = [String, Number, Boolean, Date, SimpleSchema.Integer];

/**
 * Spells a payload's fields out in simpl-schema's flat form.
 *
 * @param problems gets a message for each use of a feature outside of the catalog's part of the language.
 */
export function flattenFields(fields: PayloadFields, path: string, problems: string[]): FlatFields {
  const flat: FlatFields = new Map();
  if (!isPlain(fields)) problems.push(`${path}: ${show(fields)} is not an object of fields`);
  else addFields(flat, fields, '', path, problems);
  return flat;
}

function addFields(flat: FlatFields, fields: object, prefix: string, path: string, problems: string[]): void {
  for (const [name, field] of Object.entries(fields)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || name === '__proto__' || name === '_bsontype')
      problems.push(
        `${path}.${name}: a field's name is made of letters, digits and _; __proto__ and _bsontype are taken`,
      );
    else addField(flat, field as Field, `${prefix}${name}`, `${path}.${name}`, problems);
  }
}

function addField(flat: FlatFields, field: Field, key: string, path: string, problems: string[]): void {
  const { type, ...rest } = hasOptions(field) ? field : { type: field };
  checkOptions({ type, ...rest } as FieldOptions, path, problems);
  const options = { ...rest } as Record<string, unknown>;
  if (Array.isArray(type)) {
    flat.set(key, { ...options, type: Array });
    if (type.length !== 1) problems.push(`${path}: an array is written [X], with one X; here are ${type.length}`);
    else addField(flat, type[0] as Field, `${key}.$`, `${path}.$`, problems);
  } else if (scalars.includes(type) || type === Object) {
    flat.set(key, { ...options, type });
  } else if (isPlain(type)) {
    flat.set(key, { ...options, type: Object });
    addFields(flat, type as object, `${key}.`, path, problems);
  } else {
    problems.push(`${path}: ${show(type)} is no type of the catalog; ${allowedTypes}`);
  }
}

const allowedTypes =
  'use String, Number, Boolean, Date, SimpleSchema.Integer, [X], a plain object of fields, or Object';

function checkOptions(options: FieldOptions, path: string, problems: string[]): void {
  for (const [key, value] of Object.entries(options)) {
    if (!(fieldKeys as readonly string[]).includes(key))
      problems.push(`${path}.${key}: unknown schema key${didYouMean(key, fieldKeys)}`);
    else if (key !== 'type' && typeof value === 'function')
      problems.push(`${path}.${key}: a function cannot be checked alike in every process; give a value`);
  }
  if (options.type === Object && options.blackbox !== true)
    problems.push(`${path}: Object needs blackbox: true; for an object with known fields, write them out`);
  if (options.blackbox === true && options.type !== Object)
    problems.push(`${path}.blackbox: only with type: Object; it would hide that ${path} is checked`);
  if (options.regEx?.flags && /[gy]/.test(options.regEx.flags))
    problems.push(`${path}.regEx: flag g or y keeps a position between two checks; leave it out`);
}

function hasOptions(field: Field): field is FieldOptions {
  return isPlain(field) && 'type' in field;
}

function isPlain(value: unknown): value is object {
  return Object.prototype.toString.call(value) === '[object Object]' && !(value instanceof SimpleSchema);
}
