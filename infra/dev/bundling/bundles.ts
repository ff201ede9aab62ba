import { readdir } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import type { BuildOptions, Plugin } from 'esbuild';
import { meteorPlugin } from '../../node-host/esbuild-plugin';
import { root } from '../root';

/**
 * Instead of tsconfig.json, which esbuild asks only for a file that it has resolved itself. A file that is imported by the
 * name of its Meteor package and by its path came out with "use strict" or without, by which of the two came first.
 */
const tsconfigRaw = { compilerOptions: { strict: true, useDefineForClassFields: true } };

/** How `client/main.tsx` and every stylesheet become `main.js`, `main.css` and `main.html` in `folder`. */
export function browserBundle(folder: string): BuildOptions {
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
    loader: { '.html': 'copy' },
    define: { 'process.env.NODE_ENV': '"development"', global: 'globalThis' },
    plugins: [meteorPlugin({ target: 'browser', root }), mergedStyles],
    logLevel: 'silent',
  };
}

/** Meteor merges the stylesheets of client/ and infra/ into one: so do we. */
const mergedStyles: Plugin = {
  name: 'merged-styles',
  setup(build) {
    build.onResolve({ filter: /^tandem:styles$/ }, () => ({ path: 'styles', namespace: 'tandem-styles' }));
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

/** Of rules that weigh the same the last one wins: deeper folders come first, then by name, and `main.*` last of all. */
export function inMeteorsOrder(paths: readonly string[]): string[] {
  const isMain = (path: string) => Number(basename(path).startsWith('main.'));
  const depth = (path: string) => path.split('/').length;
  return [...paths].sort((a, b) => isMain(a) - isMain(b) || depth(b) - depth(a) || (a < b ? -1 : 1));
}

/** Paths from the root. */

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
    tsconfigRaw,
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
