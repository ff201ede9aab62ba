/** What the template itself is called. */
export const template = { name: 'tandem', title: 'Tandem' };

export interface AppName {
  /** `my-app`: the npm package, the Docker image, the database. */
  name: string;
  /** `My App`: what people read. */
  title: string;
}

/** @throws where it is no name, with an example. */
export function appNameOf(typed: readonly string[]): AppName {
  const [name = ''] = typed;
  const problem = problemOf(typed, name);
  if (problem) throw new Error(`name: ${problem}. Try: npm run init -- my-app`);
  const words = name.split('-').map(word => word[0]!.toUpperCase() + word.slice(1));
  return { name, title: words.join(' ') };
}

function problemOf(typed: readonly string[], name: string): string | undefined {
  if (typed.length === 0) return 'is missing';
  if (typed.length > 1) return `one is enough, not ${typed.length} (${typed.join(', ')})`;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    return `${JSON.stringify(name)} is not made of small letters, digits and single - between them`;
  if (name.length > 40) return `${JSON.stringify(name)} is longer than 40 characters`;
  if (name === template.name) return `"${name}" is the template's own`;
  return undefined;
}
