import type { Edits } from '../edits';
import { type AppName, template } from './app-name';

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
  // To knip `tandem:app` is this package itself, as long as that is its name.
  edits.replace('knip.json', /^( *)"meteor",$/m, `$1"meteor",\n$1"${template.name}",`);
  edits.json('settings-web.json', settings => Object.assign(settings, { public: { appName: title } }));
}
