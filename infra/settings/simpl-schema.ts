import SimpleSchema from 'simpl-schema';
import type { Group, Setting, Tree } from './setting';

export type Entry = { path: string; setting: Setting<unknown> };

/** All settings with their full names, in the order of the schema. */
export function entriesOf(tree: Tree, prefix = ''): Entry[] {
  return Object.entries(tree).flatMap(([name, node]) =>
    node.kind === 'group' ? entriesOf(node.fields, `${prefix}${name}.`) : [{ path: prefix + name, setting: node }],
  );
}

/** A dot in a key means depth to simpl-schema, so such a name travels under another one. */
export const dotless = (name: string) => name.replaceAll('.', '․');
export const dotted = (name: string) => name.replaceAll('․', '.');

type Definition = ConstructorParameters<typeof SimpleSchema>[0];

/** The one simpl-schema schema of the settings. */
export function simplSchemaOf(tree: Tree): SimpleSchema {
  return new SimpleSchema(definitionOf(tree, '') as Definition);
}

function definitionOf(tree: Tree, prefix: string): Record<string, unknown> {
  const pairs = Object.entries(tree).flatMap(([name, node]) => fieldsOf(node, prefix + dotless(name)));
  return Object.fromEntries(pairs);
}

function fieldsOf(node: Setting<unknown> | Group, path: string): [string, unknown][] {
  if (node.kind === 'group') {
    const inner = Object.entries(definitionOf(node.fields, `${path}.`));
    return [[path, { type: Object, optional: true, label: node.text }], ...inner];
  }
  const common = { optional: true, label: node.text };
  if (node.list) {
    const inner = Object.entries(node.fields ?? {}).map(
      ([name, field]) => [`${path}.$.${name}`, field.rule] as [string, unknown],
    );
    return [[path, { type: Array, ...common }], [`${path}.$`, node.rule], ...inner];
  }
  return [
    [path, node.rule.type === Object ? { ...common, type: Object, blackbox: true } : { ...common, ...node.rule }],
  ];
}

/** Converts the file's form into the schema's: no nulls, single values in lists, keys without dots. */
export function normalized(raw: Record<string, unknown>, tree: Tree): Record<string, unknown> {
  const pairs = Object.entries(raw).flatMap(([name, value]) => {
    if (value === null || value === undefined) return [];
    return [
      [
        Object.hasOwn(tree, name) ? dotless(name) : name,
        normalizedValue(value, Object.hasOwn(tree, name) ? tree[name] : undefined),
      ],
    ];
  });
  return Object.fromEntries(pairs);
}

function normalizedValue(value: unknown, node: Setting<unknown> | Group | undefined): unknown {
  if (node?.kind === 'group') return isObject(value) ? normalized(value, node.fields) : value;
  if (node?.list && (typeof value === 'string' || (node.fields && isObject(value)))) return [value];
  return value;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
