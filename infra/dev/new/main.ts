/** `npm run new:task NAME`, `new:schedule`, `new:api`: writes the files that a person would write, or none. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../root';
import type { Recipe } from './changes';
import { writeNew } from './write-new';

function run([kind = '', ...typed]: string[]): void {
  const recipe = writeNew(root, kind, typed);
  format(recipe);
  console.log(report(recipe));
}

/** The inserted code is valid already; this sorts imports and breaks lines as everywhere else. */
function format({ changes }: Recipe): void {
  const files = [...new Set(changes.map(({ file }) => file))];
  const biome = join(root, 'node_modules/.bin/biome');
  try {
    execFileSync(biome, ['check', '--write', ...files], { cwd: root, stdio: 'pipe' });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: Buffer; stderr?: Buffer };
    console.error(`The files are written, but "biome check" is not content with them:\n${stdout}${stderr}`);
    process.exitCode = 1;
  }
}

function report({ changes, next }: Recipe): string {
  const isNew = new Set(changes.flatMap(change => ('text' in change ? [change.file] : [])));
  const files = [...new Set(changes.map(({ file }) => file))];
  const lines = files.map(file => `  ${isNew.has(file) ? 'new    ' : 'changed'}  ${file}`);
  const steps = next.map((step, index) => `  ${index + 1}. ${step}`);
  const tests = files.filter(file => file.endsWith('.test.ts'));
  return [...lines, '', 'Next:', ...steps, '', `Its test: npx jest ${tests.join(' ')}`].join('\n');
}

try {
  run(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
