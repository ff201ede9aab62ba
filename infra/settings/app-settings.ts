import { settingsTree } from './schema';
import type { Group, HandlerGroup, Tree, ValuesOf } from './setting';

declare const treeOfSettings: unique symbol;

/** The app's own settings: read like a plain object, once the role has read its file. */
export type AppSettings<T extends Tree = Tree> = ValuesOf<T> & { readonly [treeOfSettings]?: T };

/** The groups with `forHandlers`, which handlers get as `context.settings`. */
export type HandlerSettingsOf<S> =
  S extends AppSettings<infer T>
    ? { readonly [Name in keyof T as T[Name] extends HandlerGroup<Tree> ? Name : never]: ValuesOf<T>[Name] }
    : Record<never, never>;

interface Definition {
  tree: Tree;
  values?: Record<string, unknown>;
}

const definitions = new WeakMap<object, Definition>();

/**
 * Declares the app's own settings, in the language of the template's: they are checked at boot with the same messages,
 * and typed. `public` may be declared too.
 *
 * @example
 * export const settings = defineSettings({
 *   stripe: group('Payments.', { secretKey: secret('The key of the API.', { min: 16 }) }, { forHandlers: true }),
 * });
 * @throws one Error that lists every name that the template has already.
 */
export function defineSettings<const T extends Tree>(tree: T): AppSettings<T> {
  const problems = [...takenNames(tree), ...nestedForHandlers(tree)];
  if (problems.length > 0) throw new Error(`imports/settings.ts is not valid:\n  ${problems.join('\n  ')}`);
  const definition: Definition = { tree };
  const settings = Object.defineProperties(
    {},
    Object.fromEntries(
      Object.keys(tree).map(name => [name, { enumerable: true, get: () => readValue(definition, name) }]),
    ),
  );
  definitions.set(settings, definition);
  return settings as AppSettings<T>;
}

function takenNames(tree: Tree): string[] {
  return Object.keys(tree)
    .filter(name => name !== 'public' && (Object.hasOwn(settingsTree, name) || name in Object.prototype))
    .map(name => `${name}: the template has a setting of this name; choose another one`);
}

function nestedForHandlers(tree: Tree, prefix = ''): string[] {
  return Object.entries(tree).flatMap(([name, node]) => {
    if (node.kind !== 'group') return [];
    const own = prefix && (node as Group & { forHandlers?: boolean }).forHandlers;
    const inner = nestedForHandlers(node.fields, `${prefix}${name}.`);
    return own ? [`${prefix}${name}: forHandlers: only a group at the top is handed over`, ...inner] : inner;
  });
}

function readValue({ values }: Definition, name: string): unknown {
  if (values) return values[name];
  throw new Error(
    `settings.${name}: the role has not read its settings yet: use them when it has started, not on import`,
  );
}

/** The rules of the app's settings. */
export function treeOf(settings: object | undefined): Tree {
  return (settings && definitions.get(settings)?.tree) ?? {};
}

/** Takes the settings that the role has read. */
export function fillSettings(settings: object | undefined, values: Record<string, unknown>): void {
  const definition = settings && definitions.get(settings);
  if (definition) definition.values = values;
}

/** The values of the groups for handlers, which travel to the workers. */
export function handlerSettings(settings: object | undefined): Record<string, unknown> {
  const { tree = {}, values = {} } = (settings && definitions.get(settings)) ?? {};
  const marked = Object.keys(tree).filter(name => (tree[name] as { forHandlers?: boolean }).forHandlers === true);
  return Object.fromEntries(marked.map(name => [name, values[name]]));
}
