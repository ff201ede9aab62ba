import SimpleSchema from 'simpl-schema';

/** One entry of a settings schema: rule, default and description together, so that they can't drift apart. */
export interface Setting<Value> {
  kind: 'setting';
  /** The description in docs/settings.md. */
  text: string;
  fallback: Value | undefined;
  /** A list in the schema may be written as a single value in the file. */
  list: boolean;
  secret: boolean;
  unit?: string;
  /** What a message says the value is not, if the rule alone would say too little. */
  wanted?: string;
  /** Of a list of objects: what each of them has. All of it must be there. */
  fields?: Record<string, Setting<string>>;
  rule: Rule;
  /** Carries the type only. */
  value?: Value;
}

export interface Group<Fields extends Tree = Tree> {
  kind: 'group';
  text: string;
  fields: Fields;
}

export interface Tree {
  [name: string]: Setting<unknown> | Group;
}

/** The environment, on which some rules depend. */
export interface LoadOptions {
  production: boolean;
  /** The rules of the app's own settings. */
  app?: Tree;
}

/** The part of simpl-schema's language that a setting uses. */
interface Rule {
  type: unknown;
  min?: number;
  max?: number;
  allowedValues?: readonly string[];
}

/** The TypeScript type of loaded settings, inferred from the schema. */
type ValueOf<Node> =
  Node extends Setting<infer Value>
    ? Value
    : Node extends Group<infer Fields>
      ? { readonly [Name in keyof Fields]: ValueOf<Fields[Name]> }
      : never;

export type ValuesOf<Fields extends Tree> = { readonly [Name in keyof Fields]: ValueOf<Fields[Name]> };

interface Bounds {
  min?: number;
  max?: number;
}

/** A group whose values handlers find as `context.settings`. */
export interface HandlerGroup<Fields extends Tree = Tree> extends Group<Fields> {
  forHandlers: true;
}

export function group<const Fields extends Tree>(text: string, fields: Fields): Group<Fields>;
export function group<const Fields extends Tree>(
  text: string,
  fields: Fields,
  options: { forHandlers: true },
): HandlerGroup<Fields>;
export function group<const Fields extends Tree>(text: string, fields: Fields, options = {}): Group<Fields> {
  return { kind: 'group', text, fields, ...options };
}

const setting = <Value>(
  text: string,
  rule: Rule,
  fallback: Value | undefined,
  more: Partial<Pick<Setting<Value>, 'list' | 'secret' | 'unit' | 'wanted'>> = {},
): Setting<Value> => ({ kind: 'setting', text, rule, fallback, list: false, secret: false, ...more });

export const flag = (text: string, fallback: boolean): Setting<boolean> => setting(text, { type: Boolean }, fallback);

/** A flag whose absence has a third meaning. */
export const maybeFlag = (text: string): Setting<boolean | undefined> =>
  setting<boolean | undefined>(text, { type: Boolean }, undefined);

const integer = (text: string, fallback: number, bounds: Bounds, unit?: string): Setting<number> =>
  setting(text, { type: SimpleSchema.Integer, ...bounds }, fallback, unit ? { unit } : {});

export const count = (text: string, fallback: number, bounds: Bounds): Setting<number> =>
  integer(text, fallback, bounds);

/** A count whose absence lets the machine decide. */
export const maybeCount = (text: string, bounds: Bounds): Setting<number | undefined> =>
  setting<number | undefined>(text, { type: SimpleSchema.Integer, ...bounds }, undefined);

export const milliseconds = (text: string, fallback: number, bounds: Bounds): Setting<number> =>
  integer(text, fallback, bounds, 'ms');

export const minutes = (text: string, fallback: number, bounds: Bounds): Setting<number> =>
  integer(text, fallback, bounds, 'minutes');

export const bytes = (text: string, fallback: number, bounds: Bounds): Setting<number> =>
  integer(text, fallback, bounds, 'bytes');

export const megabytes = (text: string, fallback: number, bounds: Bounds): Setting<number> =>
  integer(text, fallback, bounds, 'MB');

/** A number from 0 to 1. */
export const share = (text: string, fallback: number): Setting<number> =>
  setting(text, { type: Number, min: 0, max: 1 }, fallback, { unit: '0 to 1', wanted: 'a number from 0 to 1' });

export const oneOf = <const Value extends string>(
  text: string,
  fallback: Value,
  allowedValues: readonly Value[],
): Setting<Value> => setting(text, { type: String, allowedValues }, fallback);

export const text = (description: string, fallback: string): Setting<string> =>
  setting(description, { type: String }, fallback);

/** One of a few words, or nothing. */
export const maybeOneOf = (description: string, allowedValues: readonly string[]): Setting<string | undefined> =>
  setting<string | undefined>(description, { type: String, allowedValues }, undefined);

export const maybeText = (description: string): Setting<string | undefined> =>
  setting<string | undefined>(description, { type: String }, undefined);

/** `'always'` or a number of milliseconds. */
export const alwaysOrMilliseconds = (description: string, fallback: number): Setting<'always' | number> =>
  setting<'always' | number>(
    description,
    {
      type: SimpleSchema.oneOf(
        { type: SimpleSchema.Integer, min: 0, max: 86_400_000 },
        { type: String, allowedValues: ['always'] },
      ),
    },
    fallback,
    { unit: "'always' or ms", wanted: "'always' or a whole number of ms from 0 to 86400000" },
  );

/** One text or a list of them; loaded as a list, empty where it is unset. */
export const texts = (description: string): Setting<readonly string[]> =>
  setting<readonly string[]>(description, { type: String }, [], { list: true });

/** A list of objects with texts; those of them that are secrets make the whole list one. */
export const records = <const Fields extends Record<string, Setting<string>>>(
  description: string,
  fields: Fields,
): Setting<readonly { readonly [Name in keyof Fields]: ValueOf<Fields[Name]> }[]> => {
  const secret = Object.values(fields).some(field => field.secret);
  return { ...setting(description, { type: Object }, []), list: true, secret, fields };
};

/** A text of each object of such a list. */
export const requiredText = (description: string, { min, max }: Bounds): Setting<string> =>
  setting(description, { type: String, min, max }, '');

export const requiredSecret = (description: string, { min }: { min: number }): Setting<string> =>
  setting(description, { type: String, min }, '', { secret: true });

export const secret = (description: string, { min }: { min: number }): Setting<string | undefined> =>
  setting<string | undefined>(description, { type: String, min }, undefined, { secret: true });

/** One secret or a list of them, so that they can be rotated. */
export const secrets = (description: string, { min }: { min: number }): Setting<readonly string[]> =>
  setting<readonly string[]>(description, { type: String, min }, [], { list: true, secret: true });

/** An object that Tandem passes on unchanged. */
export const passedThrough = (
  description: string,
  { secret = false }: { secret?: boolean } = {},
): Setting<Record<string, unknown>> => setting<Record<string, unknown>>(description, { type: Object }, {}, { secret });
