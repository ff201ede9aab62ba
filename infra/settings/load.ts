import { problemsAcrossFields } from './cross-field';
import { describeProblem, type FieldProblem } from './problems';
import { type Settings, settingsTree } from './schema';
import { withoutKnownSecrets } from './secrets';
import type { LoadOptions, Tree } from './setting';
import { dotless, isObject, normalized, simplSchemaOf } from './simpl-schema';

/** All problems of a settings file, one line each. */
export class SettingsError extends Error {
  override name = 'SettingsError';

  constructor(readonly problems: readonly string[]) {
    super(
      `The settings have ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${problems.map(line => `  ${line}`).join('\n')}`,
    );
  }
}

/**
 * Checks raw settings (`Meteor.settings`) against the schema and fills in the defaults. In production the template's own
 * secrets count as unset; `ignoredSecrets` names them.
 *
 * @returns the template's settings, and beside them the app's own by their names.
 * @throws SettingsError with all problems at once; no message ever holds the value of a secret.
 */
export function load(raw: unknown, options: LoadOptions): Settings {
  if (!isObject(raw)) throw new SettingsError([`settings: ${kindOf(raw)} is not an object`]);
  const tree = { ...settingsTree, ...options.app };
  const input = normalized(raw, tree);
  const inherited = Object.keys(input).filter(name => name in Object.prototype || name.startsWith('$'));
  const context = simplSchemaOf(tree).newContext();
  context.validate(without(input, inherited));
  const errors = [...inherited.map(unknownName), ...context.validationErrors(), ...itemsWithoutValue(input, tree)];
  const settings = filled(
    without(
      input,
      errors.map(error => error.name),
    ),
    tree,
  ) as Settings;
  const problems = [
    ...errors.map(error => describeProblem(error, tree)),
    ...missingRole(input, options),
    ...problemsAcrossFields(settings, tree),
  ];
  if (problems.length > 0) throw new SettingsError(problems);
  return options.production ? (withoutKnownSecrets(settings, tree) as Settings) : settings;
}

/** simpl-schema would take `__proto__` for a setting of its own and `$set` for a modifier, and fail. */
const unknownName = (name: string): FieldProblem => ({ name, type: 'keyNotInSchema', value: undefined });

/** simpl-schema takes null for an item of any list: a key that a template left empty would then sign, or log in. */
function itemsWithoutValue(input: Record<string, unknown>, tree: Tree, prefix = ''): FieldProblem[] {
  return Object.entries(tree).flatMap(([name, node]) => {
    const [path, value] = [prefix + dotless(name), input[dotless(name)]];
    if (node.kind === 'group') return isObject(value) ? itemsWithoutValue(value, node.fields, `${path}.`) : [];
    if (!node.list || !Array.isArray(value)) return [];
    const dataType = node.rule.type === Object ? 'Object' : 'String';
    return value.flatMap((item, index) =>
      item === null || item === undefined
        ? [{ name: `${path}.${index}`, type: 'expectedType', dataType, value: item }]
        : [],
    );
  });
}

/** Never shows the value itself: settings with one pair of quotes too many are a text full of secrets. */
const kindOf = (raw: unknown) =>
  raw === null ? 'null' : Array.isArray(raw) ? 'a list' : typeof raw === 'string' ? 'a text' : `a ${typeof raw}`;

/** Leaves out the wrong values, so that the rest can still be checked as a whole. */
function without(input: Record<string, unknown>, names: string[]): Record<string, unknown> {
  const pairs = Object.entries(input).flatMap(([name, value]) => {
    if (names.includes(name)) return [];
    const inner = names.filter(wrong => wrong.startsWith(`${name}.`)).map(wrong => wrong.slice(name.length + 1));
    if (inner.length === 0) return [[name, value]];
    return isObject(value) ? [[name, without(value, inner)]] : [];
  });
  return Object.fromEntries(pairs);
}

function missingRole(input: Record<string, unknown>, { production }: LoadOptions): string[] {
  const unset = !('runJobs' in input) && !('runJob' in input);
  return production && unset ? ['runJobs: unset; production needs true (the jobs role) or false (the web role)'] : [];
}

function filled(input: Record<string, unknown>, tree: Tree): Record<string, unknown> {
  const pairs = Object.entries(tree).map(([name, node]) => {
    const value = input[name] ?? input[dotless(name)];
    if (node.kind === 'group') return [name, filled(isObject(value) ? value : {}, node.fields)];
    return [name, value ?? node.fallback];
  });
  return Object.freeze(Object.fromEntries(pairs));
}

/** The role of this process: one of the two, or both at once (development without `runJobs`). */
export type Role = 'web' | 'jobs' | 'both';

export function roleOf({ runJobs }: Pick<Settings, 'runJobs'>): Role {
  if (runJobs === undefined) return 'both';
  return runJobs ? 'jobs' : 'web';
}
