import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { meteorPlugin } from '../../../infra/node-host/esbuild-plugin';
import { type TestDatabase, testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { testPort } from '../../support/ports';
import { startProcess, type TestProcess } from '../../support/processes';
import { root } from '../../support/run';

/** The Node host with the fixture of the recorded conversations, as a real process that a test may end and start again. */
export class FixtureHost {
  private process: TestProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly database: TestDatabase,
  ) {}

  /**
   * @param page what the browser's bundle is made of, where one is needed
   * @param app the server's side
   */
  static async start(page?: string, app = 'tests/infra/contract/ddp-truth/fixture.ts'): Promise<FixtureHost> {
    // In the checkout, because the bundle's packages are found from where it lies.
    const folder = join(root, '.local', `ddp-client-${process.pid}-${Date.now()}`);
    await mkdir(folder, { recursive: true });
    await build(serverOptions(folder, app));
    if (page) await build(pageOptions(folder, page));
    const host = new FixtureHost(await testPort(), folder, await testDatabase());
    await host.up();
    return host;
  }

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  /** Starts the process and waits until it answers. */
  async up(): Promise<void> {
    const environment = { PORT: String(this.port), ROOT_URL: this.url, MONGO_URL: this.database.url };
    const METEOR_SETTINGS = JSON.stringify({ public: { shown: 1 }, hidden: 2 });
    this.process = startProcess(process.execPath, [join(this.folder, 'server.mjs')], {
      cwd: this.folder,
      env: { ...process.env, NODE_ENV: 'test', METEOR_SETTINGS, ...environment, TANDEM_CLIENT_DIR: this.folder },
    });
    await eventually(() => fetch(this.url).then(answer => answer.ok)).catch(cause => {
      throw new Error(`the host did not start. It said:\n${this.process!.output}`, { cause });
    });
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    this.process?.kill();
    await this.process?.ended;
  }

  async stop(): Promise<void> {
    await this.kill();
    await this.database.drop();
    await rm(this.folder, { recursive: true });
  }
}

const shared: BuildOptions = { absWorkingDir: root, bundle: true, format: 'esm', jsx: 'transform', logLevel: 'silent' };

function serverOptions(folder: string, app: string): BuildOptions {
  return {
    ...shared,
    entryPoints: ['infra/node-host/boot.ts'],
    outfile: join(folder, 'server.mjs'),
    platform: 'node',
    packages: 'external',
    plugins: [meteorPlugin({ target: 'server', root, entry: join(root, app) })],
  };
}

function pageOptions(folder: string, page: string): BuildOptions {
  return {
    ...shared,
    entryPoints: [page],
    outfile: join(folder, 'main.js'),
    target: 'es2022',
    define: { 'process.env.NODE_ENV': '"development"', global: 'globalThis' },
    plugins: [meteorPlugin({ target: 'browser', root })],
  };
}
