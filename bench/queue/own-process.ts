import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../infra/dev/root';
import type { Figures } from './workloads';

/** Runs one of the programs beside this one, whose last line is its figures; none where it fails. */
export async function inOwnProcess(program: 'measure.ts' | 'memory.ts', request: object): Promise<Figures> {
  const given = ['--require', 'tsx/cjs', join(root, 'bench', 'queue', program), JSON.stringify(request)];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, given, { cwd: root, timeout: 10 * 60_000 });
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Figures;
  } catch (error) {
    console.error((error as Error).message);
    return {};
  }
}
