/** `npm run test:template`: all tests, the machinery's too, in a bare app that has just been made of the template. */
import { spawnSync } from 'node:child_process';
import { bareApp } from './bare-app';

async function main(): Promise<void> {
  const app = await bareApp();
  console.log(`All tests of a bare app with a task, a schedule and an api of its own, in ${app.folder}`);
  const { status } = spawnSync('npx', ['jest', ...process.argv.slice(2)], { cwd: app.folder, stdio: 'inherit' });
  process.exitCode = status ?? 1;
  if (status === 0) await app.remove();
}

main().catch(error => {
  console.error(error);
  process.exitCode = 1;
});
