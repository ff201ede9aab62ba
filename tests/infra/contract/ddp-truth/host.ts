import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { meteorPlugin } from '../../../../infra/node-host/esbuild-plugin';
import { testPort } from '../../../support/ports';
import { startProcess, type TestProcess } from '../../../support/processes';
import { root } from '../../../support/run';

export interface Host {
  /** Where it answers, without a slash at the end. */
  url: string;
  port: number;
  /** Its DDP endpoint. */
  webSocket: string;
  process: TestProcess;
  /** Ends it, and resolves when it has ended. */
  stop(): Promise<void>;
}

interface HostOptions {
  mongoUrl: string;
  /** A free one, if not this. */
  port?: number;
  env?: NodeJS.ProcessEnv;
}

/** A bundled app, to be started any number of times. */
export class HostApp {
  private readonly hosts: Host[] = [];

  constructor(readonly file: string) {}

  /** Starts it as a process of its own and waits until it listens. */
  async start(options: HostOptions): Promise<Host> {
    const host = await this.launch(options);
    await host.process.says(/LISTENING/);
    return host;
  }

  /** Starts it without waiting for it. */
  async launch({ mongoUrl, port: wanted, env }: HostOptions): Promise<Host> {
    const port = wanted ?? (await testPort());
    const url = `http://localhost:${port}`;
    const settings = { PORT: String(port), ROOT_URL: url, MONGO_URL: mongoUrl, METEOR_PRINT_ON_LISTEN: '1' };
    const child = startProcess(process.execPath, ['--enable-source-maps', this.file], {
      env: { ...process.env, NODE_ENV: 'test', ...settings, ...env },
    });
    const stop = async () => {
      child.kill();
      await child.ended;
    };
    const host = { url, port, webSocket: `ws://localhost:${port}/websocket`, process: child, stop };
    this.hosts.push(host);
    return host;
  }

  /** Ends all that still run and removes the file. */
  async remove(): Promise<void> {
    await Promise.all(this.hosts.map(host => host.stop()));
    await rm(this.file);
  }
}

/** Bundles an app for the Node host. @param app the file in this folder that is its server entry */
export async function bundle(app: string): Promise<HostApp> {
  const file = join(root, '.local', 'test-builds', `${app}-${process.pid}.mjs`);
  await build({
    entryPoints: [join(root, 'infra/node-host/boot.ts')],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'silent',
    plugins: [meteorPlugin({ target: 'server', root, entry: join(__dirname, `${app}.ts`) })],
  });
  return new HostApp(file);
}
