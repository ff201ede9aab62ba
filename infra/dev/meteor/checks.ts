import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkWorkerFile } from '../../workers/worker-file';
import {
  meteorFolder,
  meteorIgnore,
  meteorPackages,
  meteorPlatforms,
  meteorRelease,
  npmDependencies,
  packageDependencies,
  packageImports,
  packageJson,
} from './check-manifests';
import type { CheckoutFiles } from './checkout-files';
import { violationsIn } from './import-graph';
import { problemsOf } from './source-rules';

/** One need of Meteor's that can be checked without it. */
export interface Check {
  name: string;
  /** The problems, one line each: the file, the value, what to do. */
  problems(files: CheckoutFiles): string[] | Promise<string[]>;
}

export const checks: readonly Check[] = [
  { name: '.meteor/ is complete', problems: meteorFolder },
  { name: '.meteor/release is a Meteor 3', problems: meteorRelease },
  { name: '.meteor/packages has all that is imported, and no oplog', problems: meteorPackages },
  { name: '.meteor/platforms are server and browser', problems: meteorPlatforms },
  { name: '.meteorignore keeps the Node host, tests and docs out', problems: meteorIgnore },
  { name: 'package.json names both entries, no test module, no "type": "module"', problems: packageJson },
  { name: 'packages/synced-cron needs the npm packages that are installed', problems: packageDependencies },
  { name: 'packages/synced-cron names the packages that it imports', problems: packageImports },
  { name: 'npm packages of app code are dependencies, and Meteor finds their entries', problems: npmDependencies },
  { name: 'the sources keep to what Meteor compiles', problems: sources },
  { name: 'code imports each stylesheet that Rspack would leave out', problems: stylesheets },
  { name: 'the import graph keeps to who may know whom', problems: importGraph },
  { name: 'the worker file is as new as its sources', problems: workerFile },
  { name: 'settings are small enough for Galaxy', problems: settings },
];

function sources(files: CheckoutFiles): string[] {
  return files
    .sources()
    .flatMap(path => problemsOf(path, files.text(path)))
    .map(({ rule, problem }) => `${problem} (${rule})`);
}

/** Rspack takes those beside the client's entry by itself, and no other that nothing imports. */
function stylesheets(files: CheckoutFiles): string[] {
  const imported = new Set<string>();
  for (const [name, importers] of files.importedBy(files.sources()))
    if (name.endsWith('.css')) for (const importer of importers) imported.add(join(dirname(importer), name));
  return files
    .stylesheets()
    .filter(path => !/^client\/[^/]+$/.test(path) && !imported.has(path))
    .map(
      path => `${path}: nothing imports it, and Rspack would leave it out: import it, in client/main.tsx for instance`,
    );
}

async function importGraph({ root }: CheckoutFiles): Promise<string[]> {
  return (await violationsIn(root)).map(({ rule, from, to }) => `${from}: imports ${to} (${rule.name})`);
}

function workerFile({ root }: CheckoutFiles): string[] {
  try {
    checkWorkerFile(join(root, 'private/workers/main.js'));
    return [];
  } catch (error) {
    return [(error as Error).message.replaceAll(`${root}/`, '')];
  }
}

/** The tool takes 64 kB; Galaxy fails at half of that. */
const largestSettings = 32_000;

function settings({ root }: CheckoutFiles): string[] {
  const files = readdirSync(root).filter(name => /^settings.*\.json$/.test(name));
  return files
    .map(name => ({ name, bytes: statSync(join(root, name)).size }))
    .filter(({ bytes }) => bytes >= largestSettings)
    .map(({ name, bytes }) => `${name}: has ${bytes} bytes; Galaxy takes less than ${largestSettings}`);
}
