/**
 * npm's `prepare` script builds the worker file after an install, so that a fresh clone can be deployed as it is. It is
 * plain JavaScript, because a machine with only production packages has nothing to compile TypeScript.
 */
const { spawnSync } = require('node:child_process');
const { join } = require('node:path');

const missing = ['tsx', 'esbuild'].filter(name => !isInstalled(name));

if (missing.length > 0) {
  console.log(`prepare: the worker file was not built; missing: ${missing.join(', ')} (production packages only).`);
  console.log('prepare: a jobs role needs it: run "npm run build:worker" where the development packages are.');
} else {
  const build = join(__dirname, 'build.ts');
  const { status } = spawnSync(process.execPath, ['--require', 'tsx/cjs', build, '--worker'], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}

function isInstalled(name) {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}
