import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import ts from 'typescript';

export type Side = 'browser' | 'server';

/** Per module name (`meteor`, `mongo` …) its exports, and for those that are objects the names of their members. */
export type Covered = Map<string, Map<string, Set<string> | undefined>>;

/** Where the modules of one side are: `meteor/<name>` is the file `<name>.ts`. */
export function modulesFolder(nodeHost: string, side: Side): string {
  return join(nodeHost, side === 'browser' ? 'browser/modules' : 'modules');
}

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ['lib.es2023.d.ts'],
  types: [],
  noEmit: true,
};

/**
 * What the modules of the Node host have, on both sides. It comes from the modules' own types, as the compiler sees
 * them, so that it can't say anything else than the modules do; it takes about half a second.
 */
export function coveredMembers(nodeHost: string): Record<Side, Covered> {
  const files = { browser: moduleFiles(nodeHost, 'browser'), server: moduleFiles(nodeHost, 'server') };
  const program = ts.createProgram([...files.browser, ...files.server], options, hostWithoutPackages());
  return { browser: readModules(program, files.browser), server: readModules(program, files.server) };
}

function moduleFiles(nodeHost: string, side: Side): string[] {
  const folder = modulesFolder(nodeHost, side);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter(name => /\.tsx?$/.test(name))
    .map(name => join(folder, name));
}

/** The names of members don't depend on npm packages: not reading their types saves most of the time. */
function hostWithoutPackages(): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  host.resolveModuleNameLiterals = (literals, file) =>
    literals.map(({ text }) =>
      text.startsWith('.') ? ts.resolveModuleName(text, file, options, host) : { resolvedModule: undefined },
    );
  return host;
}

function readModules(program: ts.Program, files: string[]): Covered {
  const checker = program.getTypeChecker();
  return new Map(files.map(file => [basename(file).replace(/\.tsx?$/, ''), readExports(program, checker, file)]));
}

function readExports(program: ts.Program, checker: ts.TypeChecker, file: string): Map<string, Set<string> | undefined> {
  const module = checker.getSymbolAtLocation(program.getSourceFile(file)!);
  if (!module) return new Map();
  return new Map(checker.getExportsOfModule(module).map(symbol => [symbol.name, membersOf(checker, symbol)]));
}

/** undefined for functions and classes, whose members are not checked. */
function membersOf(checker: ts.TypeChecker, symbol: ts.Symbol): Set<string> | undefined {
  const type = checker.getTypeOfSymbol(symbol);
  if (type.getCallSignatures().length > 0 || type.getConstructSignatures().length > 0) return undefined;
  if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return undefined;
  return new Set(
    checker
      .getPropertiesOfType(type)
      .filter(isPublic)
      .map(property => property.name),
  );
}

function isPublic(property: ts.Symbol): boolean {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  return !property.declarations?.some(declaration => ts.getCombinedModifierFlags(declaration) & hidden);
}
