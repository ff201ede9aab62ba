import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type BuildContext,
  type BuildFailure,
  type BuildOptions,
  type BuildResult,
  context,
  formatMessages,
  type OutputFile,
  stop as stopEsbuild,
} from 'esbuild';
import { type BuiltWorker, workerBundle, writeWorker } from './build-worker';
import { browserBundle, serverBundle } from './bundles';

const esbuildHasEnded = /The service (is no longer running|was stopped)/;
const bundles = ['server', 'browser', 'worker'] as const;

export type Bundle = (typeof bundles)[number];

/**
 * Builds the bundles: `server.js` and `client/` in a folder of the checkout, and the worker file in private/. A build
 * that fails keeps the files of the last good one.
 */
export class Bundler {
  private contexts?: Awaited<ReturnType<typeof contextsOf>>;
  /** The last build of each bundle by this bundler. The files may be newer: another `npm start` builds them too. */
  private readonly built = new Map<Bundle, string>();
  private readonly warned = new Set<string>();

  /**
   * @param options.small whether the page is made for those who fetch it over a network.
   * @param options.inProcess whether the server has the code of the handlers.
   */
  constructor(
    private readonly folder: string,
    private readonly options: { small?: boolean; inProcess?: boolean } = {},
  ) {}

  get serverFile(): string {
    return join(this.folder, 'server.js');
  }

  get clientFolder(): string {
    return join(this.folder, 'client');
  }

  /** @returns the bundles that differ from the last build. @throws BuildFailed */
  async build(): Promise<Set<Bundle>> {
    try {
      return await this.buildOnce();
    } catch (error) {
      if (!esbuildHasEnded.test(String(error))) throw error;
      await this.forgetEsbuild();
      return this.buildOnce();
    }
  }

  async stop(): Promise<void> {
    for (const one of Object.values<BuildContext>(this.contexts ?? {})) await one.dispose();
    this.contexts = undefined;
  }

  private async buildOnce(): Promise<Set<Bundle>> {
    this.contexts ??= await this.open();
    const { server, browser, worker } = this.contexts;
    const [serverResult, browserResult, { buildId }] = await inOneReport([
      server.rebuild(),
      browser.rebuild(),
      worker.rebuild().then<BuiltWorker>(result => writeWorker(result)),
    ] as const);
    for (const result of [serverResult, browserResult]) await this.warn(result);
    const [serverFiles, browserFiles] = [filesOf(serverResult), filesOf(browserResult)];
    await Promise.all([...serverFiles, ...browserFiles].map(writeIfOther));
    const now = { server: markOf(serverFiles), browser: markOf(browserFiles), worker: buildId };
    return this.changedSince(now);
  }

  /** esbuild's process is gone, and our contexts with it; the next call starts another one. */
  private async forgetEsbuild(): Promise<void> {
    this.contexts = undefined;
    await stopEsbuild();
  }

  /** Prints each warning once: it names what the Node host lacks, and the build goes on. */
  private async warn({ warnings }: BuildResult): Promise<void> {
    const lines = await formatMessages(warnings, { kind: 'warning', color: process.stdout.isTTY });
    for (const line of lines.filter(one => !this.warned.has(one))) {
      this.warned.add(line);
      console.warn(line.trimEnd());
    }
  }

  private changedSince(now: Record<Bundle, string>): Set<Bundle> {
    const changed = bundles.filter(bundle => this.built.get(bundle) !== now[bundle]);
    for (const bundle of changed) this.built.set(bundle, now[bundle]);
    return new Set(changed);
  }

  private async open() {
    // Node reads these as ES modules, whatever the checkout's package.json says.
    await writeIfOther({ path: join(this.folder, 'package.json'), contents: Buffer.from('{ "type": "module" }\n') });
    return contextsOf(serverBundle(this.folder, this.options), browserBundle(this.clientFolder, this.options));
  }
}

/** esbuild keeps what it has read of each for the next build. */
async function contextsOf(forServer: BuildOptions, forBrowser: BuildOptions) {
  const [server, browser, worker] = await Promise.all([
    context(kept(forServer)),
    context(kept(forBrowser)),
    context(workerBundle()),
  ]);
  return { server, browser, worker };
}

function kept(options: BuildOptions): BuildOptions {
  return { ...options, write: false };
}

const filesOf = ({ outputFiles = [] }: BuildResult): OutputFile[] => outputFiles;

function markOf(files: OutputFile[]): string {
  return files.map(({ path, hash }) => `${path} ${hash}`).join('\n');
}

/** Writes by renaming, so that a role of another `npm start` of this checkout never reads a partial file. */
async function writeIfOther({ path, contents }: Pick<OutputFile, 'path' | 'contents'>): Promise<void> {
  const before = await readFile(path).catch(() => undefined);
  if (before?.equals(contents)) return;
  await mkdir(dirname(path), { recursive: true });
  const next = `${path}.${process.pid}.new`;
  await writeFile(next, contents);
  await rename(next, path);
}

/** Awaits all builds, so that every error shows at once and no build runs on beside the next one. */
async function inOneReport<T extends readonly Promise<unknown>[]>(builds: T) {
  const results = await Promise.allSettled(builds);
  const failures = results.filter(result => result.status === 'rejected').map(result => result.reason);
  if (failures.length > 0)
    throw new BuildFailed(await textOfAll(failures, Boolean(process.stdout.isTTY)), await textOfAll(failures, false));
  return Promise.all(builds) as Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }>;
}

/** The code does not build. Its message is esbuild's, with file and line of each error. */
export class BuildFailed extends Error {
  /** @param plain the message without colors. */
  constructor(
    message: string,
    readonly plain: string,
  ) {
    super(message);
  }
}

async function textOfAll(failures: (BuildFailure | Error)[], color: boolean): Promise<string> {
  return (await Promise.all(failures.map(failure => said(failure, color)))).join('\n');
}

/** The message of a failed build for people. */
export async function said(failure: BuildFailure | Error, color = Boolean(process.stdout.isTTY)): Promise<string> {
  if (!('errors' in failure)) return failure.message;
  const lines = await formatMessages(failure.errors, { kind: 'error', color });
  return lines.join('').trimEnd();
}
