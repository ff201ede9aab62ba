import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type BuildContext, type BuildOptions, context } from 'esbuild';
import { browserBundle } from './browser-bundle';
import { BuildFailed, said } from './build-failed';
import { serverBundle } from './server-bundle';
import { buildWorkerFile } from './worker-file';

export type Bundle = 'server' | 'browser' | 'worker';

/**
 * Builds what runs: `server.js` and `client/` in a folder of the checkout, and the worker file in private/. A build that
 * fails leaves the files of the last good one.
 */
export class Bundler {
  private contexts?: { server: BuildContext; browser: BuildContext };

  constructor(private readonly folder: string) {}

  get serverFile(): string {
    return join(this.folder, 'server.js');
  }

  get clientFolder(): string {
    return join(this.folder, 'client');
  }

  /** @returns the bundles that came out differently. @throws BuildFailed */
  async build(): Promise<Set<Bundle>> {
    this.contexts ??= await this.open();
    const { server, browser } = this.contexts;
    const [serverFiles, browserFiles, worker] = await inOneReport([
      output(server),
      output(browser),
      workerChanged(),
    ] as const);
    const changed = new Set<Bundle>(worker ? ['worker'] : []);
    if (await write(serverFiles)) changed.add('server');
    if (await write(browserFiles)) changed.add('browser');
    return changed;
  }

  async stop(): Promise<void> {
    await this.contexts?.server.dispose();
    await this.contexts?.browser.dispose();
    this.contexts = undefined;
  }

  private async open() {
    // As Node reads packages: ES modules, whatever the checkout says of its own files.
    await mkdir(this.folder, { recursive: true });
    await writeFile(join(this.folder, 'package.json'), '{ "type": "module" }\n');
    const [server, browser] = await Promise.all([
      context(kept(serverBundle(this.folder))),
      context(kept(browserBundle(this.clientFolder))),
    ]);
    return { server, browser };
  }
}

function kept(options: BuildOptions): BuildOptions {
  return { ...options, write: false };
}

interface File {
  path: string;
  contents: Uint8Array;
}

async function output(bundle: BuildContext): Promise<File[]> {
  return (await bundle.rebuild()).outputFiles ?? [];
}

async function workerChanged(): Promise<boolean> {
  return (await buildWorkerFile()).changed;
}

/** @returns whether any file is not what it was. */
async function write(files: File[]): Promise<boolean> {
  const changed = await Promise.all(files.map(writeIfChanged));
  return changed.includes(true);
}

async function writeIfChanged({ path, contents }: File): Promise<boolean> {
  const before = await readFile(path).catch(() => undefined);
  if (before?.equals(contents)) return false;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, contents);
  return true;
}

/** All builds are awaited, so that every error shows at once and none runs on behind the next build. */
async function inOneReport<T extends readonly Promise<unknown>[]>(builds: T) {
  const results = await Promise.allSettled(builds);
  const failures = results.filter(result => result.status === 'rejected').map(result => result.reason);
  if (failures.length > 0) throw new BuildFailed((await Promise.all(failures.map(said))).join('\n'));
  return Promise.all(builds) as Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }>;
}
