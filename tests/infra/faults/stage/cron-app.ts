import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { serverBundle } from '../../../../infra/dev/bundling/bundles';
import { meteorPlugin } from '../../../../infra/node-host/esbuild-plugin';
import { startProcess, type TestProcess } from '../../../support/processes';
import { buildFolder, root } from '../../../support/run';

/** The app of nothing but schedules (tests/support/programs/cron-process.ts), bundled. */
export class CronApp {
  private constructor(private readonly folder: string) {}

  static async build(): Promise<CronApp> {
    // Inside of the checkout: its bundle looks for npm packages from where it lies.
    await mkdir(join(buildFolder(), '..'), { recursive: true });
    const folder = await mkdtemp(`${buildFolder()}-cron-`);
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n');
    const entry = join(root, 'tests/support/programs/cron-process.ts');
    await build({ ...serverBundle(folder), plugins: [meteorPlugin({ target: 'server', root, entry })] });
    return new CronApp(folder);
  }

  start(mongoUrl: string, env: NodeJS.ProcessEnv): TestProcess {
    const environment = { PATH: process.env.PATH, MONGO_URL: mongoUrl, ROOT_URL: 'http://localhost', PORT: '0' };
    return startProcess(process.execPath, [join(this.folder, 'server.js')], { env: { ...environment, ...env } });
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
