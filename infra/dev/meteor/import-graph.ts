import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../root';

const rooms = ['client', 'server', 'imports', 'infra', 'packages'];
const largestAnswerBytes = 64e6;

/** One arrow of the import graph that a rule of `.dependency-cruiser.cjs` forbids. */
export interface Violation {
  rule: { name: string };
  from: string;
  to: string;
}

/** The violations of the tree in `folder`, by its real import graph. */
export function violationsIn(folder: string): Promise<Violation[]> {
  const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [program, '--config', join(root, '.dependency-cruiser.cjs'), '--output-type', 'json', ...rooms];
  return new Promise((resolve, reject) => {
    const options = { cwd: folder, maxBuffer: largestAnswerBytes };
    // It ends with the number of violations as its exit code, so only its answer says whether it has worked.
    execFile(process.execPath, args, options, (_, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout).summary.violations);
      } catch (cause) {
        reject(new Error(`dependency-cruiser gave no answer: ${stderr.slice(0, 500)}`, { cause }));
      }
    });
  });
}
