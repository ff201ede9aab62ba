import type { Settings } from './schema';
import { settingsTree } from './schema';
import type { Setting, Tree } from './setting';

const shown = (setting: Setting<unknown>, value: unknown): unknown => {
  if (!setting.secret) return value;
  const empty = value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
  return empty ? undefined : '(secret)';
};

/** The settings as a log may show them: every secret replaced, whatever it holds. */
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
