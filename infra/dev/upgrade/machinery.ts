import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CheckoutFiles } from '../meteor/checkout-files';
import { allOfIt } from './git-blobs';

/**
 * Files that only the template edits. An app passes its needs as arguments (imports/app.ts), and an upgrade replaces
 * all of them.
 */
const machinery = [
  'infra/',
  'packages/',
  'tests/infra/',
  'tests/support/',
  'bench/',
  'docs/',
  '.ci/',
  'deploy.sh',
  'jest.config.cjs',
  '.dependency-cruiser.cjs',
];

/** Files that an app may edit as well: an upgrade merges both versions. */
const shared = [
  '.github/',
  '.meteor/packages',
  '.meteor/release',
  '.dockerignore',
  '.editorconfig',
  '.gitignore',
  '.meteorignore',
  'AGENTS.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'Dockerfile',
  'biome.json',
  'compose.yaml',
  'knip.json',
  'tsconfig.json',
];

const isIn = (paths: readonly string[]) => (file: string) =>
  paths.some(path => (path.endsWith('/') ? file.startsWith(path) : file === path));

export const isMachinery = isIn(machinery);
/** Machinery that an app runs without: one that deletes it does not get it back. */
export const isDispensable = isIn(['bench/', 'docs/', 'tests/infra/']);
const isShared = isIn(shared);
/** Machinery that no app edits, and that each has with its own settings: npm run docs:settings prints it. */
export const printedPage = 'docs/settings.md';

/** The files of the template in a git checkout, with git's hash of their content, in the order of their names. */
export function templateFiles(folder: string): Map<string, string> {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const listed = execFileSync('git', args, { cwd: folder, ...allOfIt });
  const files = listed.toString().split('\0');
  const ours = files.filter(file => (isMachinery(file) || isShared(file)) && existsSync(join(folder, file)));
  return new Map([...new Set(ours)].sort().map(file => [file, blobHash(readFileSync(join(folder, file)))]));
}

/** Git's hash of a file, by which any committed version can be found. */
export function blobHash(bytes: Buffer): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

/** The npm packages that the machinery among the files imports, and the packages with their types. */
export function packagesNeeded(folder: string, files: readonly string[]): string[] {
  const sources = files.filter(file => isMachinery(file) && /\.tsx?$/.test(file));
  const modules = [...new CheckoutFiles(folder).importedBy(sources).keys()];
  const names = new Set(modules.map(name => name.split('/', name.startsWith('@') ? 2 : 1).join('/')));
  return [...names].flatMap(name => [name, `@types/${name}`]);
}
