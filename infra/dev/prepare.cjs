/**
 * npm's `prepare` script: after an install the worker file is there, so that a fresh clone can be deployed as it is.
 * Plain JavaScript, because on a machine with production packages only there is nothing that could read more.
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
