import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { findMongo } from '../../infra/dev/database/mongo-sources';
import type { Mongod } from '../../infra/dev/database/mongod';
import { startProcess } from './processes';
import { root } from './run';

/** A home, a PATH and a cache with nothing in them: what a test puts there is all that a program finds. */
export class BareMachine {
  readonly home = mkdtempSync(join(tmpdir(), 'tandem-bare-'));
  readonly bin = join(this.home, 'bin');
  readonly cache = join(this.home, 'cache');

  constructor() {
    mkdirSync(this.bin);
  }

  /** Runs findMongo as a program of this machine. Nothing can be downloaded, unless `env` says otherwise. */
  async findMongo(env: NodeJS.ProcessEnv = {}): Promise<{ code: number | NodeJS.Signals; output: string }> {
    const program = join(root, 'tests', 'support', 'programs', 'find-mongo.ts');
    const search = startProcess(process.execPath, ['--require', 'tsx/cjs', program], { cwd: root, env: this.env(env) });
    return { code: await search.ended, output: search.output };
  }

  install(name: string, path: string): void {
    symlinkSync(path, join(this.bin, name));
  }

  /** Python with its pip, if the real machine has one. */
  installPython(): boolean {
    const path = python();
    if (path) this.install('python3', path);
    return path !== undefined;
  }

  remove(): void {
    rmSync(this.home, { recursive: true, force: true });
  }

  env(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    const { MONGO_URL, MONGOMS_SYSTEM_BINARY, https_proxy, HTTPS_PROXY, ...ours } = process.env;
    const pipsCache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'pip');
    return {
      ...ours,
      PATH: this.bin,
      HOME: this.home,
      TANDEM_CACHE: this.cache,
      PIP_CACHE_DIR: process.env.PIP_CACHE_DIR || pipsCache,
      MONGOMS_DOWNLOAD_MIRROR: 'http://127.0.0.1:1',
      ...more,
    };
  }
}

/** Some mongod that the real machine has, or fetches. */
export async function someMongod(): Promise<Mongod> {
  const { MONGO_URL } = process.env;
  delete process.env.MONGO_URL;
  try {
    const found = await findMongo();
    if ('mongod' in found) return found.mongod;
    throw new Error('without MONGO_URL a mongod is found, not an address');
  } finally {
    if (MONGO_URL !== undefined) process.env.MONGO_URL = MONGO_URL;
  }
}

function python(): string | undefined {
  try {
    const script = 'import os, pip, sys; print(os.path.realpath(sys.executable))';
    return execFileSync('python3', ['-c', script], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}
