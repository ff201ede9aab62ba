import { randomBytes, randomInt } from 'node:crypto';
import type { Edits } from '../edits';

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

/** Gives the app its name wherever a person or a program reads one. The machinery goes on being called Tandem. */
export function rename(edits: Edits, { name, title }: AppName): void {
  edits.replace('package.json', new RegExp(`^  "name": "${template.name}"`, 'm'), `  "name": "${name}"`);
  edits.replace('package.json', /^ {2}"description": ".*"/m, `  "description": "${title}: a Meteor app in two roles."`);
  edits.replace('package-lock.json', new RegExp(`"name": "${template.name}"`, 'g'), `"name": "${name}"`);
  edits.replace('imports/app.ts', new RegExp(`^  name: '${template.name}'`, 'm'), `  name: '${name}'`);
  edits.replace('client/main.html', /<title>.*<\/title>/, `<title>${title}</title>`);
  edits.replace('imports/ui/header/Header.tsx', new RegExp(template.title, 'g'), title);
  edits.replace('public/favicon.svg', new RegExp(`<title>${template.title}`), `<title>${title}`);
  edits.replace('README.md', new RegExp(`^# ${template.title}$`, 'm'), `# ${title}`);
  edits.replace(
    'README.md',
    new RegExp(`^${template.title} is a Meteor 3 app template`, 'm'),
    `${title} is a Meteor 3 app`,
  );
  edits.replace('compose.yaml', new RegExp(`^  image: ${template.name}$`, 'm'), `  image: ${name}`);
  edits.replace('compose.yaml', new RegExp(`/${template.name}\\?replicaSet`), `/${name}?replicaSet`);
  edits.replace('Dockerfile', new RegExp(`-t ${template.name} `), `-t ${name} `);
  edits.replace('Dockerfile', new RegExp(`(-p 3000:3000) ${template.name}$`, 'm'), `$1 ${name}`);
  tellKnip(edits);
  edits.json('settings-web.json', settings => Object.assign(settings, { public: { appName: title } }));
}

/** To knip `tandem:app` is this package itself, as long as that is its name. The list is too long for one line then. */
function tellKnip(edits: Edits): void {
  const list = /("ignoreDependencies": )(\[[^\]]*\])/;
  const ignored = JSON.parse(list.exec(edits.text('knip.json'))?.[2] ?? '[]') as string[];
  const longer = JSON.stringify([...ignored, template.name], null, 4).replace(/\]$/, '  ]');
  edits.replace('knip.json', list, `$1${longer}`);
}

const secret = () => randomBytes(32).toString('hex');

/**
 * Secrets that nobody else has, the same ones for both roles: what the web role signs, the jobs role runs.
 *
 * @returns the operator's token, for the person who will log in with it.
 */
export function freshSecrets(edits: Edits): string {
  const [link, queue, operator, metrics] = [secret(), secret(), secret(), secret()];
  for (const role of ['web', 'jobs']) {
    edits.json(`settings-${role}.json`, (settings: Record<string, object>) => {
      settings.queue = { ...settings.queue, signingKey: queue };
      settings.link = { ...settings.link, secret: link };
      settings.console = { ...settings.console, operatorToken: operator };
      settings.metrics = { ...settings.metrics, token: metrics };
    });
  }
  return operator;
}

const idAlphabet = '0123456789abcdefghijklmnopqrstuvwxyz';
const idPart = () => Array.from({ length: 12 }, () => idAlphabet[randomInt(idAlphabet.length)]).join('');

/** What Meteor knows this project by: two clones with one id would be one app to it. */
export function freshMeteorId(edits: Edits): void {
  edits.replace('.meteor/.id', /^[0-9a-z]+\.[0-9a-z]+$/m, `${idPart()}.${idPart()}`);
}
