import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess, type TestProcess } from './processes';
import { root } from './run';

const copied = [
  'client',
  'server',
  'imports',
  'infra',
  'packages',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
];
const settings = ['settings-web.json', 'settings-jobs.json'];

/** A clone of this repository, with the packages installed and nothing started yet, for a test to change at will. */
export class Checkout {
  readonly folder = mkdtempSync(join(tmpdir(), 'tandem-checkout-'));
  private readonly started: TestProcess[] = [];

  constructor() {
    for (const name of [...copied, ...settings]) cpSync(join(root, name), join(this.folder, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'));
  }

  /** `npm <args>`, as a person types it in a terminal of its own. */
  npm(args: string[], env: NodeJS.ProcessEnv = {}): TestProcess {
    const { MONGO_URL, ...ours } = process.env;
    const npm = startProcess('npm', args, { cwd: this.folder, env: { ...ours, ...env } });
    this.started.push(npm);
    return npm;
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  write(path: string, text: string): void {
    writeFileSync(join(this.folder, path), text);
  }

  /** Ends whatever still runs, and removes the folder. */
  async remove(): Promise<void> {
    for (const npm of this.started) npm.interrupt();
    await Promise.all(this.started.map(npm => npm.ended));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
