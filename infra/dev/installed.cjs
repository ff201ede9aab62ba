/**
 * Loaded before a program of ours (node --require). If the packages of package.json are missing, it says so in one
 * line, instead of a stack about the first one. It is plain JavaScript: no package is there yet that could compile
 * TypeScript.
 */
const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { dependencies, devDependencies } = require('../../package.json');

const isInstalled = name => module.paths.some(folder => existsSync(join(folder, name, 'package.json')));
const missing = Object.keys({ ...dependencies, ...devDependencies }).filter(name => !isInstalled(name));

if (missing.length > 0) {
  const few = missing.length <= 3 ? `: ${missing.join(', ')}` : '';
  console.error(`${missing.length} of the packages in package.json are not installed here${few}. Run npm ci first`);
  process.exit(1);
}
