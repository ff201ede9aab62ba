import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cacheFolder } from '../../infra/dev/database/mongodb-download';
import type { LoadPackage, Peer } from './peer';

/** Compiled away by TypeScript, an `import` would become a `require`, which some peers refuse. */
const importFile = new Function('url', 'return import(url)') as (url: string) => Promise<{ load: LoadPackage }>;

/**
 * Installs the peers' packages into a folder of the cache, outside of this project's dependencies. No script of theirs
 * runs at install.
 *
 * @returns the folder.
 */
export function installPackages(peers: readonly Peer[]): string {
  const dependencies = Object.assign({}, ...peers.map(({ packages }) => packages)) as Record<string, string>;
  const name = Object.entries(dependencies).map(([one, version]) => `${one.replace(/\W/g, '')}-${version}`);
  const folder = join(cacheFolder(), 'bench', name.sort().join('_'));
  if (existsSync(join(folder, 'load.mjs'))) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
  const quietly = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', ['install', ...quietly], { cwd: folder, stdio: 'inherit' });
  // Written last: it says that the folder is whole.
  writeFileSync(join(folder, 'load.mjs'), 'export const load = name => import(name);\n');
  return folder;
}

export async function packagesIn(folder: string): Promise<LoadPackage> {
  return (await importFile(pathToFileURL(join(folder, 'load.mjs')).href)).load;
}
