import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Node keeps a megabyte of what a program says, and leaves the rest out. */
export const allOfIt = { maxBuffer: Number.POSITIVE_INFINITY };

/** An earlier content of a file, by its git hash; undefined if it was never committed here. */
function blob(folder: string, hash: string | undefined): Buffer | undefined {
  if (hash === undefined) return undefined;
  const { status, stdout } = spawnSync('git', ['cat-file', 'blob', hash], { cwd: folder, ...allOfIt });
  return status === 0 ? stdout : undefined;
}

function inScratch<T>(work: (scratch: string) => T): T {
  const scratch = mkdtempSync(join(tmpdir(), 'tandem-merge-'));
  try {
    return work(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * Merges the app's and the template's changes of one file.
 *
 * @param baseHash of the text from which both began, @param next the path of the template's.
 * @returns undefined if both changed the same lines, or if the first text is unknown here.
 */
export function mergeTexts(app: string, file: string, baseHash: string | undefined, next: string): Buffer | undefined {
  const base = blob(app, baseHash);
  if (!base) return undefined;
  return inScratch(scratch => {
    const basePath = join(scratch, 'base');
    writeFileSync(basePath, base);
    const { status, stdout } = spawnSync('git', ['merge-file', '--stdout', join(app, file), basePath, next], allOfIt);
    return status === 0 ? stdout : undefined;
  });
}

/** @returns the name of a patch in the app's folder with the app's edits of the template's files. */
export function keepAsPatch(
  app: string,
  files: readonly string[],
  baseHashes: Readonly<Record<string, string>>,
): string {
  const name = 'tandem-edits.patch';
  const patch = inScratch(scratch => {
    for (const file of files) {
      const base = blob(app, baseHashes[file]);
      if (base) put(join(scratch, 'a', file), path => writeFileSync(path, base));
      if (existsSync(join(app, file))) put(join(scratch, 'b', file), path => cpSync(join(app, file), path));
    }
    for (const side of ['a', 'b']) mkdirSync(join(scratch, side), { recursive: true });
    // It exits with 1 if the two differ, which they do.
    const args = ['diff', '--no-index', '--no-prefix', '--no-color', 'a', 'b'];
    return spawnSync('git', args, { cwd: scratch, ...allOfIt }).stdout;
  });
  writeFileSync(join(app, name), patch);
  return name;
}

function put(path: string, write: (path: string) => void): void {
  mkdirSync(dirname(path), { recursive: true });
  write(path);
}
