/**
 * `npm run test:template`: that apps can be made of the template, and then all tests, the machinery's too, in a bare app
 * that has just been made of it.
 */
import { spawnSync } from 'node:child_process';
import { root } from '../support/run';
import { bareApp } from './bare-app';

async function main(): Promise<void> {
  if (!run(root, '--selectProjects', 'template')) return;
  const app = await bareApp();
  console.log(`All tests of a bare app with a task, a schedule and an api of its own, in ${app.folder}`);
  if (run(app.folder)) await app.remove();
}

/** @returns whether all tests pass. Flags of the command line are Jest's. */
function run(cwd: string, ...flags: string[]): boolean {
  const { status } = spawnSync('npx', ['jest', ...flags, ...process.argv.slice(2)], { cwd, stdio: 'inherit' });
  process.exitCode = status ?? 1;
  return status === 0;
}

main().catch(error => {
  console.error(error);
  process.exitCode = 1;
});
