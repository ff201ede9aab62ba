import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { root } from './run';

/** One of tests/support/programs, built once: if each process translated the sources, that would be most of its work. */
export class BuiltProgram {
  private readonly processes: ChildProcess[] = [];

  private constructor(
    private readonly folder: string,
    private readonly file: string,
  ) {}

  static async build(name: string): Promise<BuiltProgram> {
    const folder = await mkdtemp(join(tmpdir(), `${basename(name)}-`));
    const file = join(folder, `${name}.cjs`);
    const source = join(root, 'tests/support/programs', `${name}.ts`);
    await build({ entryPoints: [source], outfile: file, bundle: true, platform: 'node', external: ['mongodb'] });
    return new BuiltProgram(folder, file);
  }

  start(env: Record<string, string>): ChildProcess {
    const program = fork(this.file, {
      env: { ...process.env, NODE_PATH: join(root, 'node_modules'), ...env },
      execArgv: [],
      cwd: root,
    });
    this.processes.push(program);
    return program;
  }

  killAll(): void {
    for (const program of this.processes.splice(0)) program.kill('SIGKILL');
  }

  async remove(): Promise<void> {
    this.killAll();
    await rm(this.folder, { recursive: true });
  }
}
