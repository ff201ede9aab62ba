/** `npm run upgrade -- SOURCE`: fetches a later version of the template, and runs that version's own upgrade code. */
import { spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { refuseFlagsOfNpm } from '../npm-flags';
import { root } from '../root';
import { readRecord } from './record';
import { fetchSource, sourceOf } from './source';

const help = `npm run upgrade -- [SOURCE] [--force] [--dry-run]   brings a later version of the machinery into this app

  SOURCE      a folder, a git URL, or a tag; "../tandem#v1.2.0" is a tag of that folder.
              Without it: the newest of where this app was made from
  --force     replaces machinery that was edited here, and keeps the edits as a patch file
  --dry-run   says what would be done, and does nothing`;

function run(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { force: { type: 'boolean' }, 'dry-run': { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  refuseFlagsOfNpm('upgrade', ['dry-run']);
  if (positionals.length > 1) throw new Error(`SOURCE: one is enough, not ${positionals.length}\n\n${help}`);
  const source = sourceOf(positionals[0], readRecord(root).source);
  const { folder, remove } = fetchSource(source);
  // Ctrl-C ends what just runs on the other side, which then says how to go back.
  process.on('SIGINT', () => {});
  try {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
    const flags = Object.keys(values).map(name => `--${name}`);
    const args = ['--require', 'tsx/cjs', join(folder, 'infra/dev/upgrade/bring-in.ts'), root, source.from, ...flags];
    return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1;
  } finally {
    remove();
  }
}

try {
  process.exitCode = run();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
