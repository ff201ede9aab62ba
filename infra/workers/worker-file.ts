import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf } from '../errors/plain-error';

/** The manifest of a built worker file: `main.json` beside it. */
export interface WorkerManifest {
  /** Equal for two builds of the same sources and the same packages. */
  buildId: string;
  /** The hash of each source that went in, by its path from the project's folder, `/` between the parts. */
  inputs: Record<string, string>;
}

const remedy = 'Run `npm run build:worker`, then start again.';
const mostNamed = 5;

/**
 * Checks whether the bundled worker file is up to date. If a folder above it holds its sources (in development), it
 * compares them with those of the build. A production bundle has no sources; there the worker's hello names its
 * catalog.
 *
 * @param path of the file; its manifest is beside it, with `.json` for `.js`.
 * @returns its build id.
 * @throws an Error that says which command builds it, where it is missing, broken or older than its sources.
 */
export function checkWorkerFile(path: string): string {
  if (!existsSync(path)) throw new Error(`The worker file ${path} is missing. ${remedy}`);
  const manifest = readManifest(path.replace(/\.js$/, '.json'));
  const root = findSources(dirname(path), manifest);
  const changed = root === undefined ? [] : findChanged(root, manifest);
  if (changed.length > 0) throw new Error(`The worker file ${path} is older than ${listed(changed)}. ${remedy}`);
  return manifest.buildId;
}

const inPrivate = join('private', 'workers', 'main.js');

/**
 * The worker file of the checkout that a folder is in: Meteor runs the app from below `.meteor/local`.
 *
 * @returns undefined where there is none.
 */
export function workerFileAbove(folder: string): string | undefined {
  const path = join(folder, inPrivate);
  if (existsSync(path)) return path;
  return folder === dirname(folder) ? undefined : workerFileAbove(dirname(folder));
}

function readManifest(path: string): WorkerManifest {
  try {
    return parseManifest(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new Error(`The worker file's ${path} can't be read: ${messageOf(cause)}. ${remedy}`, { cause });
  }
}

/** The nearest folder above that holds most of the sources: a deleted source is a change too. */
function findSources(from: string, { inputs }: WorkerManifest): string | undefined {
  const paths = Object.keys(inputs).filter(path => path.includes('/'));
  for (let folder = from; ; folder = dirname(folder)) {
    const found = paths.filter(path => existsSync(join(folder, path))).length;
    if (found > paths.length / 2) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

function findChanged(root: string, { inputs }: WorkerManifest): string[] {
  return Object.keys(inputs).filter(path => hashInput(root, path) !== inputs[path]);
}

function listed(paths: string[]): string {
  const named = paths.slice(0, mostNamed).join(', ');
  return paths.length > mostNamed ? `${named} and ${paths.length - mostNamed} more` : named;
}

/** Stands for all npm packages: their versions are in it, and their files are not hashed one by one. */
export const lockFile = 'package-lock.json';

/** A file's hash; undefined where there is none. */
export function hashInput(root: string, path: string): string | undefined {
  try {
    return createHash('sha256')
      .update(readFileSync(join(root, path)))
      .digest('hex')
      .slice(0, 32);
  } catch {
    return undefined;
  }
}

/** The build id of a list of sources and their hashes, whatever their order. */
export function buildIdOf(inputs: Record<string, string>): string {
  const lines = Object.entries(inputs).map(([path, hash]) => `${path} ${hash}`);
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex').slice(0, 16);
}

/** @throws where the text is not what a build writes. */
function parseManifest(text: string): WorkerManifest {
  const manifest = JSON.parse(text) as Partial<WorkerManifest>;
  if (typeof manifest?.buildId !== 'string' || typeof manifest.inputs !== 'object' || manifest.inputs === null)
    throw new Error('it has no buildId and inputs');
  return manifest as WorkerManifest;
}
