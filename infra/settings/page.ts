import { settingsTree } from './schema';
import type { Group, Setting, Tree } from './setting';

/** docs/settings.md, from the schemas themselves. @param app the app's own settings. */
export function settingsPage(app: Tree = {}): string {
  const own = Object.keys(app).length > 0 ? [appIntro, ...sections(app)] : [];
  return [intro, ...sections(settingsTree), ...own].join('\n\n').concat('\n');
}

function sections(tree: Tree): string[] {
  const top = settingsIn(tree);
  const groups = Object.entries<Tree[string]>(tree).filter((pair): pair is [string, Group] => isGroup(pair[1]));
  return [...(top.length > 0 ? [table(top)] : []), ...groups.map(([name, node]) => section(name, node))];
}

const appIntro = `# The app's own settings

Printed from \`imports/settings.ts\`. The groups that are marked with \`forHandlers\` reach handlers as \`context.settings\`.`;

const intro = `# Settings

Printed by \`npm run docs:settings\` from \`infra/settings/schema.ts\` and, for the app's own, from \`imports/settings.ts\`.

Each role has one file (\`settings-web.json\`, \`settings-jobs.json\`). Meteor takes it by \`--settings\`, in production by
\`METEOR_SETTINGS\`. A role reports all problems at once, and exits with code 1 before anything starts. Only \`public\`
reaches the browser. Logs show settings with their secrets redacted.

**\`runJobs\` is obeyed wherever it is set**, in development too. Meteor's guide on background jobs runs jobs in
development in any case. Here two roles run side by side in development, so that your code crosses the same borders there
as in production (two processes, one database, the link). Leave it unset in development, and one process is both.`;

const isGroup = (node: Tree[string]): node is Group => node.kind === 'group';

function settingsIn(tree: Tree): [string, Setting<unknown>][] {
  return Object.entries(tree).flatMap(([name, node]) =>
    isGroup(node) ? [] : [[name, node] as [string, Setting<unknown>]],
  );
}

function section(name: string, node: Group): string {
  const fields = settingsIn(node.fields);
  return `## ${name}\n\n${node.text}\n\n${table(fields.map(([field, setting]) => [`${name}.${field}`, setting]))}`;
}

function table(settings: [string, Setting<unknown>][]): string {
  const rows = settings.map(
    ([name, setting]) => `| \`${name}\` | ${kind(setting)} | ${fallback(setting)} | ${setting.text} |`,
  );
  return ['| setting | kind | default | what it does |', '|---|---|---|---|', ...rows].join('\n');
}

function kind(setting: Setting<unknown>): string {
  const { rule, unit, list, secret, fields } = setting;
  if (fields) return `list of \`{ ${Object.keys(fields).join(', ')} }\``;
  const base =
    rule.allowedValues?.map(value => `\`${value}\``).join(' or ') ?? unit ?? typeNames.get(rule.type) ?? 'text';
  const range = rule.min === undefined ? '' : rule.type === String ? `, at least ${rule.min} characters` : bounds(rule);
  return `${secret ? 'secret ' : ''}${base}${list ? ', or a list' : ''}${range}`;
}

const bounds = ({ min, max }: { min?: number; max?: number }) =>
  max === undefined || max === 1 ? '' : `, ${min} to ${max}`;

const typeNames = new Map<unknown, string>([
  [Boolean, 'true or false'],
  [Number, 'number'],
  [String, 'text'],
  [Object, 'object'],
  ['SimpleSchema.Integer', 'whole number'],
]);

function fallback({ fallback: value }: Setting<unknown>): string {
  if (value === undefined) return 'unset';
  if (Array.isArray(value) || typeof value === 'object') return 'empty';
  return `\`${JSON.stringify(value)}\``;
}
