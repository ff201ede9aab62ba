import { randomBytes, randomInt } from 'node:crypto';
import { mongosOwn } from '../database/database-name';
import type { Edits } from '../edits';
import { parseJson } from '../json-file';
import { changelogHere } from '../upgrade/record';

/** The names of the template itself. */
export const template = { name: 'tandem', title: 'Tandem' };

export interface AppName {
  /** `my-app`: the npm package, the Docker image, the database. */
  name: string;
  /** `My App`: for people. */
  title: string;
}

/** @throws if it is no valid name, with an example. */
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
  if (mongosOwn.includes(name))
    return `"${name}" is a database of MongoDB itself, and the app's database has the app's name`;
  return undefined;
}

/** Gives the app its name wherever a person or a program reads one. The machinery keeps the name Tandem. */
export function rename(edits: Edits, { name, title }: AppName): void {
  edits.json('package.json', manifest =>
    Object.assign(manifest, { name, description: `${title}: a Meteor app in two roles.`, license: 'UNLICENSED' }),
  );
  edits.json('package-lock.json', (lock: { packages?: Record<string, object> }) => {
    Object.assign(lock, { name });
    Object.assign(lock.packages?.[''] ?? {}, { name });
  });
  // To knip `tandem:app` is this package itself, as long as that is its name.
  edits.json('knip.json', (knip: { ignoreDependencies?: string[] }) => knip.ignoreDependencies?.push(template.name));
  edits.json('settings-web.json', settings => Object.assign(settings, { public: { appName: title } }));
  const places = placesOf({ name, title });
  for (const [index, [file, text]] of placesOf(template).entries()) edits.replace(file, text, places[index]![1]);
  edits.replace('AGENTS.md', `${template.title} is a Meteor 3 app`, `${title} is a Meteor 3 app`);
  edits.replace('client/main.html', taglines.page, title);
  edits.replace('imports/ui/header/Header.tsx', taglines.header, 'Say what it is for: imports/ui/header/Header.tsx');
  edits.replace('README.md', between(edits.text('README.md'), `# ${title}\n`, '    npm ci'), introduction(title));
  edits.replace('README.md', between(edits.text('README.md'), '![The page', '## The layout'), '');
}

const taglines = {
  page: 'One codebase, two roles: heavy work in the jobs role, a web role that never stutters.',
  header: 'One codebase, two roles.',
};

const introduction = (title: string) => `
${title} is a Meteor 3 app in TypeScript. One codebase boots as a *web role*, which serves people, or as a *jobs role*, which runs schedules and a pool of worker processes.

`;

/** What stands between the end of one text and the beginning of another; all of it from the beginning where `after` is no line. */
function between(text: string, after: string, before: string): string {
  const begin = text.indexOf(after) + (after.endsWith('\n') ? after.length : 0);
  return text.slice(begin, text.indexOf(before, begin));
}

/** What the template has for itself: its changelog becomes that of the machinery, whose license stays beside it. */
export function withoutItsPapers(edits: Edits, { title }: AppName, version: string): void {
  edits.write(changelogHere, edits.text('CHANGELOG.md'));
  edits.write('CHANGELOG.md', `# Changelog\n\n## [Unreleased]\n\n### Added\n\n- ${title}, on Tandem ${version}.\n`);
  edits.remove('LICENSE');
}

/** Where an app has its name beside what JSON files say, and how it stands there. */
const placesOf = ({ name, title }: AppName): [file: string, text: string][] => [
  ['imports/app.ts', `  name: '${name}'`],
  ['client/main.html', `<title>${title}</title>`],
  ['imports/ui/header/Header.tsx', `?? '${title}'`],
  ['public/favicon.svg', `<title>${title}</title>`],
  ['README.md', `# ${title}\n`],
  ['compose.yaml', `  image: ${name}\n`],
  ['compose.yaml', `/${name}?replicaSet`],
  ['.github/workflows/meteor.yml', `/${name}?replicaSet`],
  ['Dockerfile', `-t ${name} .`],
  ['Dockerfile', `-p 3000:3000 ${name}\n`],
];

const secret = () => randomBytes(32).toString('hex');

/**
 * Settings for production, which git ignores, with new secrets, the same for both roles: the jobs role verifies what the
 * web role signs. What is not known yet is left out, and `deploy.sh` names it.
 *
 * @returns the operator's token, for the person who logs in with it.
 */
export function productionSettings(edits: Edits): string {
  const [link, queue, operator, metrics] = [secret(), secret(), secret(), secret()];
  for (const role of ['web', 'jobs']) {
    const file = `settings-${role}.production.json`;
    const settings = parseJson(edits.text(`settings-${role}.json`), `settings-${role}.json`) as Record<string, object>;
    if (edits.onDisk(file) !== undefined) edits.refuse(`${file}: is there already, with secrets: move it away first`);
    const ours = {
      ...settings,
      queue: { ...settings.queue, signingKey: queue },
      link: { secret: link },
      console: { ...settings.console, operatorToken: operator },
      metrics: { ...settings.metrics, token: metrics },
      log: { ...settings.log, format: 'json' },
    };
    edits.write(file, `${JSON.stringify(ours, null, 2)}\n`);
  }
  return operator;
}

const idAlphabet = '0123456789abcdefghijklmnopqrstuvwxyz';
const idPart = () => Array.from({ length: 12 }, () => idAlphabet[randomInt(idAlphabet.length)]).join('');

/** Meteor's id of this project: two clones with one id would be one app to it. */
export function freshMeteorId(edits: Edits): void {
  const comments = edits
    .text('.meteor/.id')
    .split('\n')
    .filter(line => line.startsWith('#'));
  edits.write('.meteor/.id', [...comments, '', `${idPart()}.${idPart()}`, ''].join('\n'));
}
