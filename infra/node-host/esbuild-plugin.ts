import { readFile } from 'node:fs/promises';
import { join, posix, resolve, sep } from 'node:path';
import type { PartialMessage, Plugin } from 'esbuild';

export interface MeteorPluginOptions {
  target: Side;
  /** The repository's folder. */
  root: string;
  /** What `tandem:app` is: the app's server entry, if not `server/main.ts` below the root. */
  entry?: string;
}

/** Meteor packages that live in this repository. */
const localPackages: Record<string, string> = {
  'littledata:synced-cron': 'packages/synced-cron/synced-cron.ts',
};

/**
 * Bundles code written for Meteor with the Node host's `meteor/*` modules. What they lack is a warning, which names it,
 * its file and its line, and what follows.
 */
export function meteorPlugin({ target, root, entry = join(root, 'server/main.ts') }: MeteorPluginOptions): Plugin {
  const nodeHost = join(root, 'infra/node-host');
  const isAppCode = (path: string) => !path.startsWith(nodeHost + sep) && !path.includes(`${sep}node_modules${sep}`);
  return {
    name: 'meteor',
    setup(build) {
      build.onResolve({ filter: /^tandem:app$/ }, () => ({ path: resolve(root, entry) }));
      build.onResolve({ filter: /^meteor\// }, ({ path }) => resolveModule(path.slice('meteor/'.length), target, root));
      build.onLoad({ filter: /.*/, namespace: 'meteor' }, ({ path }) => ({
        contents: sourceOf(path, target),
        resolveDir: nodeHost,
      }));
      build.onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: 'file' }, async ({ path }) => {
        if (!isAppCode(path)) return undefined;
        const text = await readFile(path, 'utf8');
        return { warnings: lacksIn(text).map(lack => message(path, text, lack)) };
      });
    },
  };
}

function resolveModule(name: string, side: Side, root: string) {
  const local = localPackages[name] ?? fileOfPackage(name);
  if (local) return { path: join(root, local) };
  const warnings = name in modules[side] ? [] : [{ text: lackOfPackage(name, side) }];
  return { path: name, namespace: 'meteor', warnings };
}

/** A package's own file by its path within, as Meteor lets one import it: `littledata:synced-cron/next-date`. */
function fileOfPackage(name: string): string | undefined {
  const [, owner = '', file] = /^([^/]+)\/(.+)$/.exec(name) ?? [];
  const main = localPackages[owner];
  return main && `${posix.dirname(main)}/${file}.ts`;
}

/** A name that a module lacks is undefined, as on Meteor, and no error: what is not written down may be there. */
const othersUndefined = `export * from 'data:text/javascript,module.exports = {}';`;
/** A bundle looks a name up where its module inherits it from. */
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

export type Side = 'browser' | 'server';

/** Where the host has what `meteor/<name>` exports: a file of this folder, and the names. */
type Modules = Readonly<Record<string, readonly [file: string, ...names: string[]]>>;

const onBothSides: Modules = {
  check: ['shared/check', 'check', 'Match'],
  ejson: ['shared/ejson', 'EJSON'],
  random: ['shared/random', 'Random'],
  tracker: ['tracker/tracker', 'Tracker'],
};

export const modules: Readonly<Record<Side, Modules>> = {
  server: {
    ...onBothSides,
    ddp: ['modules/ddp', 'DDP'],
    'ddp-client': ['modules/ddp', 'DDP'],
    'ddp-rate-limiter': ['ddp/rate-limiter', 'DDPRateLimiter'],
    meteor: ['modules/meteor', 'Meteor'],
    mongo: ['modules/mongo', 'Mongo', 'MongoInternals'],
    webapp: ['webapp/http', 'WebApp', 'WebAppInternals'],
  },
  browser: {
    ...onBothSides,
    ddp: ['browser/connection', 'DDP'],
    'ddp-client': ['browser/connection', 'DDP'],
    meteor: ['browser/modules/meteor', 'Meteor'],
    mongo: ['browser/modules/mongo', 'Mongo'],
    'react-meteor-data': ['browser/react/hooks', 'useFind', 'useSubscribe', 'useTracker'],
    'reactive-var': ['browser/reactive-var', 'ReactiveVar'],
  },
};

/** What the package accounts-base adds to `Meteor`. */
const ofAccounts = /\bMeteor\.(users|user|userAsync|userId|loggingIn|loggingOut|loginWith\w+|logout\w*)\b/g;
const namedImport = /\bimport\s+(?!type\b)(?:\w+\s*,\s*)?\{([^}]*)\}\s*from\s*['"]meteor\/([\w-]+)['"]/g;

/** Something that a file asks of the host in vain. */
interface Lack {
  text: string;
  /** Where in the file it is named. */
  at: number;
}

/** What is said of a package that the host has not at all, or not on this side. */
function lackOfPackage(name: string, side: Side): string {
  const other = side === 'browser' ? 'server' : 'browser';
  if (name in modules[other]) return `meteor/${name} is there ${where[other]} only: ${where[side]} it is empty`;
  return `meteor/${name} is not part of the Node host: calls of it do nothing here and give undefined. On Meteor it works: npm run meteor`;
}

const where = { browser: 'in the browser', server: 'on the server' };

/** The names that a file takes of a module of the host and that it lacks on both sides. */
function lacksIn(text: string): Lack[] {
  if (!text.includes('meteor/')) return [];
  const names = [...text.matchAll(namedImport)].flatMap(lackOfNames);
  const members = [...text.matchAll(ofAccounts)]
    .filter(({ index }) => !isComment(text, index))
    .map(({ 0: member, index }) => ({
      text: `${member} comes with the package accounts-base, which is not part of the Node host: here nobody is logged in, and users can't be read. On Meteor it works: npm run meteor`,
      at: index,
    }));
  return [...names, ...members];
}

function lackOfNames({ 1: list = '', 2: module = '', index }: RegExpExecArray): Lack[] {
  const there = [modules.server, modules.browser].flatMap(side => side[module]?.slice(1) ?? []);
  if (there.length === 0) return []; // the package as a whole is missing, and named where it is resolved
  return list
    .split(',')
    .map(name => name.trim().split(/\s/)[0]!)
    .filter(name => name !== '' && name !== 'type' && !there.includes(name))
    .map(name => ({
      text: `${name} of meteor/${module} is not part of the Node host: it is undefined here. On Meteor it works: npm run meteor`,
      at: index,
    }));
}

const isComment = (text: string, at: number) => /^\s*(\/\/|\/?\*)/.test(text.slice(text.lastIndexOf('\n', at) + 1, at));
