import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build as bundle } from 'esbuild';
import { buildWorker } from '../../infra/dev/bundling/build-worker';
import { Bundler } from '../../infra/dev/bundling/bundler';
import { browserBundle, serverBundle } from '../../infra/dev/bundling/bundles';
import { privateFolder } from '../../infra/dev/root';
import { eventually } from './eventually';
import { buildFolder, root } from './run';

/**
 * What is built: the app of this checkout, the same with a slow method (`slow-app.ts`), or the tests' own, which is the
 * same in every checkout.
 */
export type BuiltApp = 'own' | 'slow' | 'tests';

export interface Build {
  serverFile: string;
  clientFolder: string;
  /** Holds the worker file. */
  privateFolder: string;
  /** Where its `settings-web.json` and `settings-jobs.json` are. */
  settingsFolder: string;
}

const buildTimeoutMs = 120_000;
const testApp = join(root, 'tests', 'support', 'app');

/**
 * The code under test, built once per run by whoever asks first; the others wait for it.
 *
 * @throws with esbuild's message, for everyone who asks, when it does not build.
 */
export async function buildOfThisRun(app: BuiltApp = 'own'): Promise<Build> {
  const folder = join(buildFolder(), app);
  const outcome = join(folder, 'outcome');
  await mkdir(dirname(folder), { recursive: true });
  if (await isFirst(folder)) await build(app, folder, outcome);
  const said = await eventually(() => readIfThere(outcome), { timeoutMs: buildTimeoutMs });
  if (said !== 'built') throw new Error(`The code under test does not build:\n${said}`);
  return {
    serverFile: join(folder, 'server.js'),
    clientFolder: join(folder, 'client'),
    privateFolder: app === 'tests' ? join(folder, 'private') : privateFolder,
    settingsFolder: app === 'tests' ? testApp : root,
  };
}

/** Making a folder is atomic: one of several processes succeeds. */
function isFirst(folder: string): Promise<boolean> {
  return mkdir(folder).then(
    () => true,
    () => false,
  );
}

function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

async function build(app: BuiltApp, folder: string, outcome: string): Promise<void> {
  const said = await builds[app](folder).then(
    () => 'built',
    error => String(error.message),
  );
  await writeFile(`${outcome}.new`, said);
  await rename(`${outcome}.new`, outcome); // nobody reads half of it
}

const builds = { own: buildOwn, slow: buildSlow, tests: buildTestApp };

async function buildOwn(folder: string): Promise<void> {
  const bundler = new Bundler(folder);
  await bundler.build().finally(() => bundler.stop());
}

/** For a web role only: the worker file is the one of `own`, if there is one. */
async function buildSlow(folder: string): Promise<void> {
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n');
  await Promise.all([
    bundle(serverBundle(folder, { entry: join(root, 'tests', 'support', 'slow-app.ts') })),
    bundle(browserBundle(join(folder, 'client'))),
  ]);
}

/** Its page is the one of this checkout's app: the console's pages are part of that. */
async function buildTestApp(folder: string): Promise<void> {
  await mkdir(join(folder, 'private'));
  // As the Bundler's; the worker file is what it is below a package.json without a type.
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n');
  await writeFile(join(folder, 'private', 'package.json'), '{}\n');
  await Promise.all([
    bundle(serverBundle(folder, { entry: join(testApp, 'main.ts') })),
    bundle(browserBundle(join(folder, 'client'))),
    buildWorker({ entry: join(testApp, 'worker.ts'), outDir: join(folder, 'private', 'workers') }),
  ]);
}
