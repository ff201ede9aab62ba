import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
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
  to: { reachable?: boolean };
}

/** What the rules about what a process loads begin with. */
const entries = ['client/main.tsx', 'imports/tasks/worker.ts'];

/**
 * The violations of the tree in `folder`, by its real import graph. The rules about what a process loads ignore imports
 * of types, which are gone at run time; the rules about who may know whom include them.
 */
export async function violationsIn(folder: string): Promise<Violation[]> {
  const loaded = entries.filter(entry => existsSync(join(folder, entry)));
  const [atRunTime, withTypes] = await Promise.all([
    loaded.length > 0 ? cruise(folder, ...loaded) : [],
    cruise(folder, '--ts-pre-compilation-deps', ...rooms),
  ]);
  return [...atRunTime.filter(isAboutLoading), ...withTypes.filter(violation => !isAboutLoading(violation))];
}

function isAboutLoading({ rule }: Violation): boolean {
  const rules = require(config).forbidden as Rule[];
  return rules.find(({ name }) => name === rule.name)?.to.reachable === true;
}

function cruise(folder: string, ...what: string[]): Promise<Violation[]> {
  const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [program, '--config', config, '--output-type', 'json', ...what];
  return new Promise((resolve, reject) => {
    const options = { cwd: folder, maxBuffer: largestAnswerBytes };
    // Its exit code is the number of violations, so only its output shows whether it has worked.
    execFile(process.execPath, args, options, (_, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout).summary.violations);
      } catch (cause) {
        reject(new Error(`dependency-cruiser gave no answer: ${stderr.slice(0, 500)}`, { cause }));
      }
    });
  });
}
