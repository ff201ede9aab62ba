import type { BuildOptions } from 'esbuild';
import { meteorPlugin } from '../../node-host/esbuild-plugin';
import { root } from '../root';

/** How the server code becomes `server.js` in `folder`, which must be in the checkout: its packages stay there. */
export function serverBundle(folder: string): BuildOptions {
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
    plugins: [meteorPlugin({ target: 'server', root })],
    logLevel: 'silent',
  };
}
