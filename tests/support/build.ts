import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Bundler } from '../../infra/dev/bundling/bundler';
import { eventually } from './eventually';
import { buildFolder } from './run';

export interface Build {
  serverFile: string;
  clientFolder: string;
}

const buildTimeoutMs = 120_000;

/**
 * The code under test, built once per run by whoever asks first; the others wait for it.
 *
 * @throws with esbuild's message, for everyone who asks, when it does not build.
 */
export async function buildOfThisRun(): Promise<Build> {
  const folder = buildFolder();
  const bundler = new Bundler(folder);
  const outcome = join(folder, 'outcome');
  await mkdir(join(folder, '..'), { recursive: true });
  if (await isFirst(folder)) await build(bundler, outcome);
  const said = await eventually(() => readIfThere(outcome), { timeoutMs: buildTimeoutMs });
  if (said !== 'built') throw new Error(`The code under test does not build:\n${said}`);
  return { serverFile: bundler.serverFile, clientFolder: bundler.clientFolder };
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

async function build(bundler: Bundler, outcome: string): Promise<void> {
  const said = await bundler.build().then(
    () => 'built',
    error => String(error.message),
  );
  await bundler.stop();
  await writeFile(`${outcome}.new`, said);
  await rename(`${outcome}.new`, outcome); // nobody reads half of it
}
