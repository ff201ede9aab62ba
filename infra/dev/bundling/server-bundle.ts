import { join } from 'node:path';
import type { BuildOptions, Plugin } from 'esbuild';
import { meteorPlugin } from '../../node-host/esbuild-plugin';
import { root } from '../root';

/**
 * How the server code becomes `server.js` in `folder`, which must be in the checkout: its packages stay there.
 *
 * @param entry of the app, if not `server/main.ts`.
 */
export function serverBundle(folder: string, entry?: string): BuildOptions {
  return {
    entryPoints: { server: 'infra/node-host/boot.ts' },
    outdir: folder,
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm', // entries may await at their top level, as on Meteor
    target: 'node20',
    packages: 'external',
    jsx: 'transform',
    sourcemap: 'linked',
    plugins: [handlersStayInWorkers, meteorPlugin({ target: 'server', root, entry })],
    logLevel: 'silent',
  };
}

const handlerMap = join(root, 'imports/tasks/handlers/index.ts');

/** A role knows of a handler only that it is there: a change of one is a change of the worker, and restarts no web role. */
const handlersStayInWorkers: Plugin = {
  name: 'handlers stay in workers',
  setup(build) {
    build.onResolve({ filter: /^\./ }, ({ path, importer, kind }) =>
      kind === 'dynamic-import' && importer === handlerMap ? { path, external: true } : undefined,
    );
  },
};
