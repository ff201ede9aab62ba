import { readFile } from 'node:fs/promises';
import { join, posix, resolve, sep } from 'node:path';
import type { PartialMessage, Plugin } from 'esbuild';
import { type Lack, lackOfPackage, lacksIn, modules, type Side } from './meteor-modules';

export interface MeteorPluginOptions {
  target: Side;
  /** The repository's folder. */
  root: string;
  /** The module of `tandem:app`: the app's server entry, if not `server/main.ts` below the root. */
  entry?: string;
}

/** Meteor packages that live in this repository. */
const localPackages: Record<string, string> = {
  'littledata:synced-cron': 'packages/synced-cron/synced-cron.ts',
};

/**
 * Bundles code written for Meteor with the Node host's `meteor/*` modules. It warns of each name that they lack, with
 * the file, the line and the consequence.
 */
export function meteorPlugin({ target, root, entry = join(root, 'server/main.ts') }: MeteorPluginOptions): Plugin {
  const nodeHost = join(root, 'infra/node-host');
  const isAppCode = (path: string) => !path.startsWith(nodeHost + sep) && !path.includes(`${sep}node_modules${sep}`);
  return {
    name: 'meteor',
    setup(build) {
      const imported = new Set<string>();
      /** Names that may be missing: this is known when all files have been read. */
      let undecided: { lack: Lack; warning: PartialMessage }[] = [];
      build.onStart(() => {
        imported.clear();
        undecided = [];
      });
      build.onResolve({ filter: /^tandem:app$/ }, () => ({ path: resolve(root, entry) }));
      build.onResolve({ filter: /^meteor\// }, ({ path }) => {
        const name = path.slice('meteor/'.length);
        imported.add(name);
        return resolveModule(name, target, root);
      });
      build.onLoad({ filter: /.*/, namespace: 'meteor' }, ({ path }) => ({
        contents: sourceOf(path, target),
        resolveDir: nodeHost,
      }));
      build.onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: 'file' }, async ({ path }) => {
        if (!isAppCode(path)) return undefined;
        const text = await readFile(path, 'utf8');
        const lacks = lacksIn(text).map(lack => ({ lack, warning: message(path, text, lack) }));
        undecided.push(...lacks.filter(({ lack }) => lack.unless));
        return { warnings: lacks.filter(({ lack }) => !lack.unless).map(({ warning }) => warning) };
      });
      build.onEnd(() => ({
        warnings: undecided
          .filter(({ lack }) => !lack.unless!.some(name => imported.has(name)))
          .map(({ warning }) => warning),
      }));
    },
  };
}

function resolveModule(name: string, side: Side, root: string) {
  const local = localPackages[name] ?? fileOfPackage(name);
  if (local) return { path: join(root, local) };
  const warnings = name in modules[side] ? [] : [{ text: lackOfPackage(name, side) }];
  return { path: name, namespace: 'meteor', warnings };
}

/** A file of a package by its path in the package, as Meteor allows: `littledata:synced-cron/next-date`. */
function fileOfPackage(name: string): string | undefined {
  const [, owner = '', file] = /^([^/]+)\/(.+)$/.exec(name) ?? [];
  const main = localPackages[owner];
  return main && `${posix.dirname(main)}/${file}.ts`;
}

/** A name that a module lacks is undefined, as on Meteor, and no error: the table may be incomplete. */
const othersUndefined = `export * from 'data:text/javascript,module.exports = {}';`;
/** A bundle looks names up through the prototype of their module. */
const empty = `module.exports = Object.create(require('./absent').absent());`;

function sourceOf(name: string, side: Side): string {
  const module = modules[side][name];
  if (!module) return empty;
  const [file, ...names] = module;
  return `export { ${names.join(', ')} } from './${file}';\n${othersUndefined}`;
}

function message(file: string, text: string, lack: Lack): PartialMessage {
  const before = text.slice(0, lack.at).split('\n');
  const column = before.at(-1)!.length;
  const lineText = text.split('\n')[before.length - 1]!;
  return { text: lack.text, location: { file, line: before.length, column, lineText } };
}
