import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is known of a built worker file: `main.json` beside it. */
export interface WorkerManifest {
  /** Equal for two builds of the same sources and the same packages. */
  buildId: string;
  /** The hash of each source that went in, by its path from the project's folder, `/` between the parts. */
  inputs: Record<string, string>;
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
export function parseManifest(text: string): WorkerManifest {
  const manifest = JSON.parse(text) as Partial<WorkerManifest>;
  if (typeof manifest?.buildId !== 'string' || typeof manifest.inputs !== 'object' || manifest.inputs === null)
    throw new Error('it has no buildId and inputs');
  return manifest as WorkerManifest;
}
