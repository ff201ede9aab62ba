/**
 * The part of simpl-schema's language that a task's payload may be written in, and what it means to TypeScript.
 *
 * A field is one of
 * - `String`, `Number`, `Boolean`, `Date`, `SimpleSchema.Integer`;
 * - `[X]`, an array of X, where X is a field again;
 * - `{ width: Number, … }`, a nested plain object of fields;
 * - `{ type: any of the above, optional, label, min, max, exclusiveMin, exclusiveMax, minCount, maxCount, regEx,
 *   allowedValues }`, where `allowedValues: ['small', 'large']` becomes a union;
 * - `{ type: Object, blackbox: true }`, free plain data, for payloads that come from elsewhere.
 *
 * Not part of it: functions as values of these keys, `custom`, `autoValue`, `defaultValue` (a payload says what it is),
 * regular expressions and SimpleSchema instances as types. A nested object cannot have a field named `type`.
 */
export const fieldKeys = [
  'type',
  'optional',
  'label',
  'min',
  'max',
  'exclusiveMin',
  'exclusiveMax',
  'minCount',
  'maxCount',
  'regEx',
  'allowedValues',
  'blackbox',
] as const;

/** `SimpleSchema.Integer` is declared as a string by simpl-schema 3. */
type IntegerType = string;

export type ScalarType = StringConstructor | NumberConstructor | BooleanConstructor | DateConstructor | IntegerType;

export interface NestedFields {
  readonly [name: string]: Field;
}

/** The values of `type`, and the short form of a field with default options. */
export type FieldType = ScalarType | readonly [FieldType] | readonly [FieldOptions] | ObjectConstructor | NestedFields;

export interface FieldOptions {
  readonly type: FieldType;
  readonly optional?: boolean;
  readonly label?: string;
  readonly min?: number | Date;
  readonly max?: number | Date;
  readonly exclusiveMin?: boolean;
  readonly exclusiveMax?: boolean;
  readonly minCount?: number;
  readonly maxCount?: number;
  readonly regEx?: RegExp;
  readonly allowedValues?: readonly (string | number)[];
  readonly blackbox?: boolean;
}

export type Field = FieldType | FieldOptions;

/** A whole payload: its fields by name. */
export type PayloadFields = NestedFields;

type TypeOfType<T> = T extends StringConstructor
  ? string
  : T extends NumberConstructor
    ? number
    : T extends BooleanConstructor
      ? boolean
      : T extends DateConstructor
        ? Date
        : T extends ObjectConstructor
          ? Record<string, unknown>
          : T extends readonly [infer Item]
            ? TypeOfField<Item>[]
            : T extends string
              ? number
              : T extends object
                ? DataOfFields<T>
                : never;

type TypeOfField<F> = F extends { readonly allowedValues: readonly (infer Allowed)[] }
  ? Allowed
  : F extends { readonly type: infer T }
    ? TypeOfType<T>
    : TypeOfType<F>;

type OptionalNames<F> = { [K in keyof F]: F[K] extends { readonly optional: true } ? K : never }[keyof F];

type Flat<T> = { [K in keyof T]: T[K] };

/** The TypeScript type of the data that fields describe. */
export type DataOfFields<F> = Flat<
  { -readonly [K in Exclude<keyof F, OptionalNames<F>>]: TypeOfField<F[K]> } & {
    -readonly [K in OptionalNames<F>]?: TypeOfField<F[K]>;
  }
>;
