import { readdir } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import type { BuildOptions, Plugin } from 'esbuild';
import { meteorPlugin } from '../../node-host/esbuild-plugin';
import { root } from '../root';

/**
 * Replaces tsconfig.json, which esbuild reads only for files that it has resolved itself. Otherwise a file that is
 * imported by the name of its Meteor package and by its path would come out with or without "use strict", depending on
 * which import comes first.
 */
const tsconfigRaw = { compilerOptions: { strict: true, useDefineForClassFields: true } };

/**
 * How `client/main.tsx` and every stylesheet become `main.js`, `main.css` and `main.html` in `folder`.
 *
 * @param small for those who fetch it over a network: minified, without what React says in development only.
 */
export function browserBundle(folder: string, { small = false } = {}): BuildOptions {
  return {
    entryPoints: ['client/main.tsx', 'tandem:styles', 'client/main.html'].map(path => ({ in: path, out: 'main' })),
    outdir: folder,
    absWorkingDir: root,
    bundle: true,
    format: 'iife', // the page loads it as a plain script
    target: 'es2022',
    jsx: 'transform', // as Meteor compiles it: a missing import of React shows here, not there first
    tsconfigRaw,
    sourcemap: 'linked',
    minify: small,
    loader: { '.html': 'copy' },
    define: { 'process.env.NODE_ENV': small ? '"production"' : '"development"', global: 'globalThis' },
    plugins: [meteorPlugin({ target: 'browser', root }), mergedStyles],
    logLevel: 'silent',
  };
}

/** Meteor merges the stylesheets of client/ and infra/ into one: so do we. */
const mergedStyles: Plugin = {
  name: 'merged-styles',
  setup(build) {
    build.onResolve({ filter: /^tandem:styles$/ }, () => ({ path: 'styles', namespace: 'tandem-styles' }));
    // What code imports for Rspack is merged already.
    build.onResolve({ filter: /\.css$/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'tandem-applied' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'tandem-applied' }, () => ({ contents: '' }));
    build.onLoad({ filter: /.*/, namespace: 'tandem-styles' }, async () => ({
      contents: (await stylesheets()).map(path => `@import ${JSON.stringify(`./${path}`)};`).join('\n'),
      loader: 'css',
      resolveDir: root,
    }));
  },
};

async function stylesheets(): Promise<string[]> {
  const folders = await Promise.all(['infra', 'client'].map(stylesheetsOf));
  return inMeteorsOrder(folders.flat());
}

/**
 * Of rules with equal specificity the last one wins: deeper folders come first, then by name, and `main.*` last of all.
 */
export function inMeteorsOrder(paths: readonly string[]): string[] {
  const isMain = (path: string) => Number(basename(path).startsWith('main.'));
  const depth = (path: string) => path.split('/').length;
  return [...paths].sort((a, b) => isMain(a) - isMain(b) || depth(b) - depth(a) || (a < b ? -1 : 1));
}

/** Paths relative to the root. */

async function stylesheetsOf(folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter(entry => entry.isFile() && entry.name.endsWith('.css'))
    .map(entry => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter(path => !/^infra\/(dev|node-host)\//.test(path));
}

/**
 * How the server code becomes `server.js` in `folder`, which must be in the checkout: its packages stay there.
 *
 * @param options.entry of the app, if not `server/main.ts`.
 * @param options.inProcess whether it has the code of the handlers: roles with workers have none of it.
 */
export function serverBundle(
  folder: string,
  { entry, inProcess = false }: { entry?: string; inProcess?: boolean } = {},
): BuildOptions {
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
    tsconfigRaw,
    sourcemap: 'linked',
    plugins: [...(inProcess ? [] : [handlersStayInWorkers]), meteorPlugin({ target: 'server', root, entry })],
    logLevel: 'silent',
  };
}

const handlerMap = join(root, 'imports/tasks/handlers/index.ts');

/** A role knows only that a handler exists: changed handlers change the worker, and restart no web role. */
const handlersStayInWorkers: Plugin = {
  name: 'handlers stay in workers',
  setup(build) {
    build.onResolve({ filter: /^\./ }, ({ path, importer, kind }) =>
      kind === 'dynamic-import' && importer === handlerMap ? { path, external: true } : undefined,
    );
  },
};
