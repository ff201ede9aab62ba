import { readdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { root } from '../root';
import { runningLease } from './lease';

/**
 * Empties the database of `npm start`, after a question (`--yes` answers it). It refuses that of `MONGO_URL`, which may
 * belong to anybody.
 */
async function reset(): Promise<void> {
  const { values } = parseArgs({ options: { yes: { type: 'boolean', default: false } } });
  if (process.env.MONGO_URL)
    throw new Error('MONGO_URL names a database of your own: empty it yourself, or unset MONGO_URL');
  const local = join(root, '.local');
  const running = await runningLease(local);
  if (running)
    throw new Error(`The database is in use by the npm start with pid ${running.owner}. Stop that first (Ctrl-C)`);
  const folders = await dataFolders(local);
  if (folders.length === 0) return console.log('There is nothing to empty: npm start has kept no data yet');
  const names = folders.map(folder => relative(root, folder)).join(', ');
  if (!values.yes && !(await agreed(`Delete all data in ${names}? [y/N] `))) return console.log('Nothing was deleted');
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  console.log(`Emptied ${names}`);
}

async function dataFolders(local: string): Promise<string[]> {
  const entries = await readdir(local).catch(() => []);
  return entries.filter(name => /^mongo-\d/.test(name)).map(name => join(local, name));
}

async function agreed(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await answer(terminal, question)).trim());
  } finally {
    terminal.close();
  }
}

/** The answer, or undefined if the input has ended. */
function answer(terminal: ReturnType<typeof createInterface>, question: string): Promise<string> {
  return new Promise(resolve => {
    terminal.once('close', () => resolve(''));
    terminal.question(question).then(resolve, () => resolve(''));
  });
}

reset().catch(error => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
