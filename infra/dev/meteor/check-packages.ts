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

/** A package of Atmosphere pins its npm packages itself: the same version as the Node host runs. */
export function packageDependencies(files: CheckoutFiles): string[] {
  const source = files.text('packages/synced-cron/package.js');
  const depends = /Npm\.depends\(\{([^}]*)\}\)/.exec(source)?.[1] ?? '';
  const locked = files.json('package-lock.json').packages;
  const pinned = [...depends.matchAll(/['"]([^'"]+)['"]:\s*['"]([^'"]+)['"]/g)];
  if (pinned.length === 0) return ['packages/synced-cron/package.js: Npm.depends names no package'];
  return pinned.flatMap(([, name, version]) => {
    const installed = locked[`node_modules/${name}`]?.version;
    if (installed === version) return [];
    return [`packages/synced-cron/package.js: ${name} ${version}, but package-lock.json has ${installed ?? 'none'}`];
  });
}

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
