import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import ts from 'typescript';
import { parseJson } from '../json-file';
import { isBundledByMeteor } from './source-rules';

const rooms = ['client', 'server', 'imports', 'infra', 'packages'];

/** A checkout for the checks: paths are relative to its root. */
export class CheckoutFiles {
  constructor(readonly root: string) {}

  has(path: string): boolean {
    return existsSync(join(this.root, path));
  }

  /** @throws where there is none. */
  text(path: string): string {
    return readFileSync(join(this.root, path), 'utf8');
  }

  // biome-ignore lint/suspicious/noExplicitAny: files of other tools, each check looks at its own part of one.
  json(path: string): any {
    return parseJson(this.text(path), path);
  }

  /** The lines with content: no comments, no empty ones. */
  lines(path: string): string[] {
    const lines = this.text(path).split('\n');
    return lines.map(line => line.replace(/#.*/, '').trim()).filter(Boolean);
  }

  /** The files that Meteor compiles, by path. */
  sources(): string[] {
    const files = rooms.flatMap(room => this.filesIn(room));
    return files.filter(path => /\.tsx?$/.test(path) && !path.endsWith('.d.ts') && isBundledByMeteor(path)).sort();
  }

  /** The stylesheets that Meteor merges, by path. */
  stylesheets(): string[] {
    const files = rooms.flatMap(room => this.filesIn(room));
    return files.filter(path => path.endsWith('.css') && isBundledByMeteor(path)).sort();
  }

  /** The modules that these files import, each with the files that do, type-only imports aside. */
  importedBy(paths: readonly string[]): Map<string, string[]> {
    const found = new Map<string, string[]>();
    for (const path of paths) {
      for (const name of specifiersIn(path, this.text(path))) found.set(name, [...(found.get(name) ?? []), path]);
    }
    return found;
  }

  private filesIn(folder: string): string[] {
    if (!this.has(folder)) return [];
    const entries = readdirSync(join(this.root, folder), { withFileTypes: true, recursive: true });
    return entries
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name).slice(this.root.length + 1));
  }
}

/** The code without types, which Meteor sees. */
function specifiersIn(path: string, source: string): string[] {
  const { code } = transformSync(source, { loader: path.endsWith('x') ? 'tsx' : 'ts', sourcefile: path });
  return ts.preProcessFile(code, true, true).importedFiles.map(({ fileName }) => fileName);
}
