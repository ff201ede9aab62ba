import { isDeepStrictEqual } from 'node:util';

/** A package.json, or one of its fields such as `scripts`. */
export type Manifest = Record<string, unknown>;

/** The app's own fields, whatever the template has. */
const appsOwn = ['name', 'version', 'description', 'private', 'license', 'author', 'repository'];

interface Three {
  /** The template's, when the app was made from it. */
  base: unknown;
  mine: unknown;
  /** The template's, in the new version. */
  next: unknown;
}

/**
 * Merges the template's changes of package.json into the app's, entry by entry: each script, each package. Pure.
 *
 * @param needed packages that come back even if the app has removed them: the new machinery imports them.
 * @returns the merged manifest, and the entries that both have changed in different ways: those stay the app's.
 */
export function mergeManifest(
  base: Manifest,
  mine: Manifest,
  next: Manifest,
  needed: readonly string[] = [],
): { merged: Manifest; clashes: string[] } {
  const comesBack = (key: string, name: string) => /ependencies$/.test(key) && needed.includes(name);
  const clashes: string[] = [];
  const merged = mergeFields({ base, mine, next }, (key, three) => {
    if (appsOwn.includes(key)) return three.mine;
    if (!Object.values(three).every(isFieldsOrNothing)) return decide(key, three, clashes);
    return mergeFields(three, (name, entry) =>
      entry.mine === undefined && comesBack(key, name) ? entry.next : decide(`${key}.${name}`, entry, clashes),
    );
  });
  return { merged: merged ?? {}, clashes };
}

/** @returns undefined where nothing is left of it. */
function mergeFields(three: Three, mergeOne: (key: string, three: Three) => unknown): Manifest | undefined {
  const { base = {}, mine = {}, next = {} } = three as Record<keyof Three, Manifest | undefined>;
  const keys = new Set([...Object.keys(mine), ...Object.keys(next)]);
  const entries = [...keys].map(key => [key, mergeOne(key, { base: base[key], mine: mine[key], next: next[key] })]);
  const kept = entries.filter(([, value]) => value !== undefined);
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}

/** If only one side has changed an entry, that side wins. */
function decide(path: string, { base, mine, next }: Three, clashes: string[]): unknown {
  if (isDeepStrictEqual(base, mine)) return next;
  if (!isDeepStrictEqual(base, next) && !isDeepStrictEqual(mine, next))
    clashes.push(`${path}: ${inWords(mine)} here, ${inWords(next)} in the template`);
  return mine;
}

const inWords = (value: unknown) => (value === undefined ? 'removed' : JSON.stringify(value));

const isFieldsOrNothing = (value: unknown) =>
  value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value));
