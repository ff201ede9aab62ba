import { type Settings, settingsTree } from './schema';
import type { LoadOptions, Setting, Tree } from './setting';
import { entriesOf } from './simpl-schema';

/** The prefix of the secrets in the template's own settings files: good enough for a trial, and known to everybody. */
const known = /^development-/;

/** Whether it is such a secret, or an object of a list that holds one. */
function isKnown(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.values(value).some(isKnown);
  return typeof value === 'string' && known.test(value);
}

/**
 * The names of the settings whose secrets production ignores. So a template that is deployed as it was cloned runs with
 * its link and its console off, instead of open to everybody who has read the repository.
 */
export function ignoredSecrets(raw: unknown, { production, app = {} }: LoadOptions): string[] {
  if (!production) return [];
  return entriesOf({ ...settingsTree, ...app })
    .filter(({ setting, path }) => setting.secret && [valueAt(raw, path)].flat().some(isKnown))
    .map(({ path }) => path);
}

function valueAt(raw: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((node, name) => (node as Record<string, unknown> | undefined)?.[name], raw);
}

/** The settings as if the template's own secrets were not set. */
export function withoutKnownSecrets(settings: Record<string, unknown>, tree: Tree): Record<string, unknown> {
  return cleaned(settings, tree);
}

function cleaned(values: Record<string, unknown>, tree: Tree): Record<string, unknown> {
  const pairs = Object.entries(tree).map(([name, node]) => {
    const value = values[name];
    if (node.kind === 'group') return [name, cleaned(value as Record<string, unknown>, node.fields)];
    if (!node.secret) return [name, value];
    if (Array.isArray(value)) return [name, value.filter(item => !isKnown(item))];
    return [name, isKnown(value) ? node.fallback : value];
  });
  return Object.freeze(Object.fromEntries(pairs));
}

const shown = (setting: Setting<unknown>, value: unknown): unknown => {
  if (!setting.secret) return value;
  const empty = value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
  return empty ? undefined : '(secret)';
};

/** The settings for a log: with every secret replaced, whatever it holds. */
export function redact(settings: Settings): Record<string, unknown> {
  return redactedTree(settings, settingsTree);
}

function redactedTree(values: Record<string, unknown>, tree: Tree): Record<string, unknown> {
  const pairs = Object.entries(tree).map(([name, node]) => [
    name,
    node.kind === 'group'
      ? redactedTree(values[name] as Record<string, unknown>, node.fields)
      : shown(node, values[name]),
  ]);
  return Object.fromEntries(pairs);
}
