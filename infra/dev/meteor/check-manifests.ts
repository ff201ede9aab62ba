import { join, posix } from 'node:path';
import type { CheckoutFiles } from './checkout-files';

const folder = ['packages', 'release', 'platforms', '.finished-upgraders', '.id', '.gitignore'];

/** No file imports it: its presence keeps Meteor from reading every write of the database in every process. */
const noOplog = 'disable-oplog';
/** In every app, by meteor-base. */
const always = ['meteor', 'ddp', 'ddp-client', 'ddp-server', 'webapp'];

export function meteorFolder(files: CheckoutFiles): string[] {
  return folder.filter(name => !files.has(`.meteor/${name}`)).map(name => `.meteor/${name}: is missing; commit it`);
}

/** `.meteor/` names the release; the code is written for Meteor 3. */
export function meteorRelease(files: CheckoutFiles): string[] {
  const found = files.text('.meteor/release').trim();
  return /^METEOR@3\.\d/.test(found) ? [] : [`.meteor/release: is ${found}; the code needs Meteor 3 (METEOR@3.…)`];
}

export function meteorPackages(files: CheckoutFiles): string[] {
  const listed = files.lines('.meteor/packages').map(line => line.split('@')[0]!);
  return [...floodedByOplog(listed), ...importedButMissing(files, listed)];
}

function floodedByOplog(listed: string[]): string[] {
  if (listed.includes(noOplog)) return [];
  return [
    `.meteor/packages: ${noOplog} is missing: a worker's bulk writes would stop the web role (docs/decisions/0010-no-oplog.md)`,
  ];
}

function importedButMissing(files: CheckoutFiles, listed: string[]): string[] {
  const imports = [...files.importedBy(files.sources())].filter(([name]) => name.startsWith('meteor/'));
  return (
    imports
      // `meteor/owner:package/file` is a file of that package.
      .map(([name, by]) => ({ name: name.split('/')[1]!, by: by[0] }))
      .filter(({ name }) => !listed.includes(name) && !always.includes(name))
      .map(({ name, by }) => `.meteor/packages: ${name} is missing, and ${by} imports it`)
  );
}

export function meteorPlatforms(files: CheckoutFiles): string[] {
  const found = files.lines('.meteor/platforms').sort().join(', ');
  return found === 'browser, server'
    ? []
    : [`.meteor/platforms: ${found || 'nothing'}; it should be server and browser`];
}

/** Folders that Meteor must ignore: the machinery of the Node host, tests, benchmarks, docs. */
const ignored = ['/infra/node-host/', '/infra/dev/', '/tests/', '/bench/', '/docs/'];

export function meteorIgnore(files: CheckoutFiles): string[] {
  const lines = files.has('.meteorignore') ? files.lines('.meteorignore') : [];
  return [
    ...ignored.filter(line => !lines.includes(line)).map(line => `.meteorignore: the line ${line} is missing`),
    ...lines
      .filter(line => !line.startsWith('/'))
      .map(line => `.meteorignore: ${line} matches at any depth, in packages too; begin it with a slash`),
    ...lines.filter(line => line.includes('_build')).map(line => `.meteorignore: ${line} hides what Rspack builds`),
  ];
}

export function packageJson(files: CheckoutFiles): string[] {
  const { type, meteor = {}, dependencies = {} } = files.json('package.json');
  const { mainModule = {}, testModule } = meteor;
  const problems = ['client', 'server'].flatMap(side => {
    const entry: string | undefined = mainModule[side];
    if (!entry) return [`package.json: meteor.mainModule.${side}: is missing; Meteor would load every file eagerly`];
    return files.has(entry) ? [] : [`package.json: meteor.mainModule.${side}: there is no ${entry}`];
  });
  if (type === 'module') problems.push('package.json: type: "module" crashes meteor run; leave it out');
  if (testModule !== undefined)
    problems.push('package.json: meteor.testModule: brings tests/ into app builds; unset it');
  if (!/^[~^]?7\./.test(dependencies['@babel/runtime'] ?? ''))
    problems.push(
      `package.json: dependencies.@babel/runtime: ${dependencies['@babel/runtime']}, Meteor's compiler needs ^7`,
    );
  return problems;
}

const ourPackage = 'packages/synced-cron/package.js';

/** A package of Atmosphere pins its npm packages itself: they must be the versions that the Node host runs. */
export function packageDependencies(files: CheckoutFiles): string[] {
  const locked = files.json('package-lock.json').packages;
  const pinned = pinnedBy(files.text(ourPackage));
  if (pinned.size === 0) return [`${ourPackage}: Npm.depends names no package`];
  return [...pinned].flatMap(([name, version]) => {
    const installed = locked[`node_modules/${name}`]?.version;
    if (installed === version) return [];
    return [`${ourPackage}: ${name} ${version}, but package-lock.json has ${installed ?? 'none'}`];
  });
}

function pinnedBy(source: string): Map<string, string> {
  const depends = /Npm\.depends\(\{([^}]*)\}\)/.exec(source)?.[1] ?? '';
  return new Map([...depends.matchAll(/['"]([^'"]+)['"]:\s*['"]([^'"]+)['"]/g)].map(([, name, at]) => [name!, at!]));
}

/** Meteor loads a package after those that it uses. Other imports of it may not be there yet. */
export function packageImports(files: CheckoutFiles): string[] {
  const source = files.text(ourPackage);
  const used = [...source.matchAll(/api\.use\(([^)]*)\)/g)].flatMap(([, names]) => quotedIn(names!));
  const known = [...used.map(name => `meteor/${name}`), ...pinnedBy(source).keys()];
  const imports = files.importedBy(files.sources().filter(path => path.startsWith('packages/')));
  return [...imports]
    .filter(([name]) => !/^(node:|\.)/.test(name) && !known.includes(name))
    .map(([name, by]) => {
      const call = name.startsWith('meteor/') ? 'api.use' : 'Npm.depends';
      return `${ourPackage}: ${call} does not name ${name.replace('meteor/', '')}, which ${by[0]} imports`;
    });
}

const quotedIn = (text: string) => [...text.matchAll(/'([^']+)'/g)].map(([, name]) => name!);

const builtIn = /^(node:|meteor\/|\.{1,2}\/|\/)/;

/** The imports of app code must exist in production, and Meteor, which reads no `exports`, must find them. */
export function npmDependencies(files: CheckoutFiles): string[] {
  const { dependencies = {} } = files.json('package.json');
  const imports = [...files.importedBy(files.sources())].filter(([name]) => !builtIn.test(name));
  return imports.flatMap(([name, by]) => {
    const owner = name
      .split('/')
      .slice(0, name.startsWith('@') ? 2 : 1)
      .join('/');
    if (!(owner in dependencies)) return [`${by[0]}: ${owner} is not in package.json's dependencies`];
    if (owner === name && !hasRootEntry(files, owner)) return [`${by[0]}: ${owner} has no entry but its exports map`];
    return [];
  });
}

function hasRootEntry(files: CheckoutFiles, name: string): boolean {
  const folder = join('node_modules', name);
  if (!files.has(join(folder, 'package.json'))) return true; // the line above, or npm ci, reports the problem
  const { main = 'index', module, browser } = files.json(join(folder, 'package.json'));
  const entries = [main, module, browser].filter(entry => typeof entry === 'string');
  const endings = ['', '.js', '.mjs', '.cjs', '.json', '/index.js'];
  return entries.some(entry => endings.some(ending => isFile(files, posix.join(folder, `${entry}${ending}`))));
}

const isFile = (files: CheckoutFiles, path: string) => /\.\w+$/.test(path) && files.has(path);
