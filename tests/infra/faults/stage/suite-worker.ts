import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildWorker } from '../../../../infra/dev/bundling/build-worker';
import { buildOfThisRun } from '../../../support/build';
import { buildFolder, faultWorkerFolder, root } from '../../../support/run';

export type CatalogName = 'old' | 'next';
type WorkerName = CatalogName | 'app';

const folder = join(root, 'tests/infra/faults/worker');
const parts: Record<WorkerName, { handlers: string; catalog?: string }> = {
  old: { handlers: join(folder, 'handlers.ts'), catalog: join(folder, 'catalog.ts') },
  next: { handlers: join(folder, 'handlers.ts'), catalog: join(folder, 'catalog-next.ts') },
  app: { handlers: join(folder, 'app-handlers.ts') },
};
const built = new Map<WorkerName, Promise<string>>();

/** The worker file with the suite's handlers and one of its catalogs, built once per process. */
export async function suiteWorker(name: CatalogName): Promise<string> {
  return join(await builtOnce(name, async () => join(faultWorkerFolder(), name)), 'main.js');
}

/** A folder in the place of `private`, whose worker has the app's own handlers and writes the ledger. */
export async function privateFolderWithLedger(): Promise<string> {
  return join(await builtOnce('app', inTheBuild), '..');
}

/** Inside of the checkout: the app's handlers look for npm packages from where they lie. */
async function inTheBuild(): Promise<string> {
  await buildOfThisRun();
  const folder = join(buildFolder(), 'private/workers');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
  return folder;
}

function builtOnce(name: WorkerName, folder: () => Promise<string>): Promise<string> {
  const there = built.get(name) ?? build(name, folder);
  built.set(name, there);
  return there;
}

async function build(name: WorkerName, folder: () => Promise<string>): Promise<string> {
  const outDir = await folder();
  await buildWorker({ root, outDir, ...parts[name] });
  return outDir;
}
