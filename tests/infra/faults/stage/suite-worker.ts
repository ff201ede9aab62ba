import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildWorker } from '../../../../infra/dev/bundling/build-worker';
import { root } from '../../../support/run';

export type CatalogName = 'old' | 'next';

const catalogs: Record<CatalogName, string> = { old: 'catalog.ts', next: 'catalog-next.ts' };
const built = new Map<CatalogName, Promise<string>>();

/** The worker file with the suite's handlers and one of its catalogs, built once per process. */
export function suiteWorker(name: CatalogName): Promise<string> {
  const file = built.get(name) ?? build(name);
  built.set(name, file);
  return file;
}

async function build(name: CatalogName): Promise<string> {
  const outDir = await mkdtemp(join(tmpdir(), 'tandem-faults-worker-'));
  const folder = join(root, 'tests/infra/faults/worker');
  const { file } = await buildWorker({
    root,
    outDir,
    handlers: join(folder, 'handlers.ts'),
    catalog: join(folder, catalogs[name]),
  });
  return file;
}
