import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, posix, resolve, sep } from 'node:path';
import type { PartialMessage, Plugin } from 'esbuild';
import ts from 'typescript';
import { checkAppCode, type Finding, moduleNotCovered } from './app-code-check';
import { type Covered, coveredMembers, modulesFolder, type Side } from './covered-members';

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
 * Bundles code written for Meteor with the Node host's `meteor/*` modules. What they lack fails the build, with a
 * message that names it, its file and its line; so does what would crash on Meteor.
 */
export function meteorPlugin({ target, root, entry = join(root, 'server/main.ts') }: MeteorPluginOptions): Plugin {
  const nodeHost = join(root, 'infra/node-host');
  const isAppCode = (path: string) => !path.startsWith(nodeHost + sep) && !path.includes(`${sep}node_modules${sep}`);
  return {
    name: 'meteor',
    setup(build) {
      build.onResolve({ filter: /^tandem:app$/ }, () => ({ path: resolve(root, entry) }));
      build.onResolve({ filter: /^meteor\// }, ({ path }) => resolveModule(path.slice('meteor/'.length), target, root));
      build.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, async ({ path }) => {
        const errors = isAppCode(path) ? check(path, await readFile(path, 'utf8'), target, nodeHost) : [];
        return errors.length > 0 ? { errors } : undefined;
      });
    },
  };
}

function resolveModule(name: string, side: Side, root: string) {
  const local = localPackages[name] ?? fileOfPackage(name);
  if (local) return { path: join(root, local) };
  const nodeHost = join(root, 'infra/node-host');
  const path = join(modulesFolder(nodeHost, side), `${name}.ts`);
  if (/^[\w-]+$/.test(name) && existsSync(path)) return { path };
  return { errors: [{ text: moduleNotCovered(name, side, coveredBy(nodeHost)) }] };
}

/** A package's own file by its path within, as Meteor lets one import it: `littledata:synced-cron/next-date`. */
function fileOfPackage(name: string): string | undefined {
  const [, owner = '', file] = /^([^/]+)\/(.+)$/.exec(name) ?? [];
  const main = localPackages[owner];
  return main && `${posix.dirname(main)}/${file}.ts`;
}

function check(path: string, text: string, side: Side, nodeHost: string): PartialMessage[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  return checkAppCode(file, side, coveredBy(nodeHost)).map(finding => message(file, finding));
}

function message(file: ts.SourceFile, { node, text }: Finding): PartialMessage {
  const start = node.getStart(file);
  const { line, character } = file.getLineAndCharacterOfPosition(start);
  const lineText = file.text.split('\n')[line] ?? '';
  const length = Math.min(node.getEnd() - start, lineText.length - character);
  return { text, location: { file: file.fileName, line: line + 1, column: character, length, lineText } };
}

const known = new Map<string, Record<Side, Covered>>();

/** Read once in a process: both bundles of a start ask. */
function coveredBy(nodeHost: string): Record<Side, Covered> {
  const covered = known.get(nodeHost) ?? coveredMembers(nodeHost);
  known.set(nodeHost, covered);
  return covered;
}
