import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuiltWorker, buildWorker } from '../build-worker';
import { root } from '../root';

/** Read by a Meteor bundle as an asset, so its place is Meteor's: private/. */
export const privateFolder = join(root, 'private');

/** Builds the file that a jobs role forks, and says whether it is another one than before. */
export async function buildWorkerFile(): Promise<BuiltWorker & { changed: boolean }> {
  const outDir = join(privateFolder, 'workers');
  const before = await buildIdIn(outDir);
  const built = await buildWorker({ root, outDir });
  return { ...built, changed: built.buildId !== before };
}

async function buildIdIn(folder: string): Promise<string | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, 'main.json'), 'utf8')).buildId;
  } catch {
    return undefined; // none yet
  }
}
