import { join, posix } from 'node:path';
import type { CheckoutFiles } from './checkout-files';

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

/** A package of Atmosphere pins its npm packages itself: the same version as the Node host runs. */
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

/** Meteor loads a package after those that it uses. What it imports beside them may not be there yet. */
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

/** What app code imports is there in production, and is found by Meteor, which reads no `exports`. */
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
  if (!files.has(join(folder, 'package.json'))) return true; // the line above, or npm ci, says what is wrong
  const { main = 'index', module, browser } = files.json(join(folder, 'package.json'));
  const entries = [main, module, browser].filter(entry => typeof entry === 'string');
  const endings = ['', '.js', '.mjs', '.cjs', '.json', '/index.js'];
  return entries.some(entry => endings.some(ending => isFile(files, posix.join(folder, `${entry}${ending}`))));
}

const isFile = (files: CheckoutFiles, path: string) => /\.\w+$/.test(path) && files.has(path);
