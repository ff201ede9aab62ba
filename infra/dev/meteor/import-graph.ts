import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../root';

const rooms = ['client', 'server', 'imports', 'infra', 'packages'];
const config = join(root, '.dependency-cruiser.cjs');
const largestAnswerBytes = 64e6;

/** One arrow of the import graph that a rule of `.dependency-cruiser.cjs` forbids. */
export interface Violation {
  rule: { name: string };
  from: string;
  to: string;
}

interface Rule {
  name: string;
  to: { circular?: boolean; reachable?: boolean };
}

/**
 * The violations of the tree in `folder`, by its real import graph. What a process loads is judged without the imports
 * of types, which are gone at run time; who may know whom is judged with them.
 */
export async function violationsIn(folder: string): Promise<Violation[]> {
  const [atRunTime, withTypes] = await Promise.all([cruise(folder), cruise(folder, '--ts-pre-compilation-deps')]);
  return [...atRunTime.filter(isAboutLoading), ...withTypes.filter(violation => !isAboutLoading(violation))];
}

function isAboutLoading({ rule }: Violation): boolean {
  const rules = require(config).forbidden as Rule[];
  const { circular, reachable } = rules.find(({ name }) => name === rule.name)!.to;
  return Boolean(circular || reachable);
}

function cruise(folder: string, ...flags: string[]): Promise<Violation[]> {
  const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [program, '--config', config, '--output-type', 'json', ...flags, ...rooms];
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
