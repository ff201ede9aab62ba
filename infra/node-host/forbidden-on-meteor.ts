import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';
import { specifierOf } from './meteor-uses';

/** @returns why Meteor would crash at boot on this node of a file, or undefined */
export function forbidden(node: ts.Node, file: string): string | undefined {
  if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword && node.name.text === 'meta') {
    return 'import.meta crashes Meteor at boot: it has no place in code that Meteor bundles';
  }
  const specifier = specifierOf(node);
  if (specifier === undefined) return undefined;
  if (/^\.{1,2}\/.*\.[cm]?jsx?$/.test(specifier) && !existsSync(resolve(dirname(file), specifier))) {
    return `'${specifier}' crashes Meteor at boot: write the import without its ending`;
  }
  if (specifier.startsWith('#')) return `'${specifier}': Meteor does not read the imports of package.json`;
  return isInExportsOnly(specifier, file)
    ? `'${specifier}' can crash Meteor at boot, which does not read a package's exports: import its root or a file of it`
    : undefined;
}

/** A path into a package that is no file there. */
function isInExportsOnly(specifier: string, file: string): boolean {
  const [, name, path] = /^((?:@[^/]+\/)?[^./@#:][^/:]*)\/(.+)$/.exec(specifier) ?? [];
  const folder = name === undefined || name === 'meteor' ? undefined : packageFolder(name, dirname(file));
  if (!folder) return false;
  const found = ['', '.js', '.json', '/index.js', '/package.json'].some(end => existsSync(join(folder, path + end)));
  return !found;
}

function packageFolder(name: string, from: string): string | undefined {
  const folder = join(from, 'node_modules', name);
  if (existsSync(folder)) return folder;
  return dirname(from) === from ? undefined : packageFolder(name, dirname(from));
}
