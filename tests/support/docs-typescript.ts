import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import type { Block } from './docs';
import { root } from './run';

/** Files that a block is put into, where a person would put it. Any other file is the block itself. */
const insertedBefore: Record<string, RegExp> = {
  'imports/tasks/catalog.ts': /^\}\);\n\nexport type Catalog/m,
  'imports/tasks/handlers/index.ts': /^\} satisfies Handlers/m,
  'imports/tasks/rates.ts': /^\}\);\n/m,
  'imports/role-handlers/index.ts': /^\} satisfies RoleHandlers/m,
  'imports/schedules.ts': /^\}\n$(?![\s\S]*^\}\n$)/m,
};

/** What a block may use and its file has imported only once somebody has put such a block in. */
const imports: Record<string, { name: string; from: string }> = {
  'imports/tasks/catalog.ts': { name: 'failedTask', from: '../../infra/catalog' },
  'imports/schedules.ts': { name: 'addsTask', from: '../infra/queue/adds-task' },
};

/** Lines for such a file import nothing: one that does is the file itself, which an app without it gets. */
const isWhole = (block: Block) => !insertedBefore[ProjectWithDocs.placeOf(block)] || /^import /.test(block.text);

interface Piece {
  block: Block;
  from: number;
  to: number;
}

/** The project as it is when everything that the docs show has been written into it. */
export class ProjectWithDocs {
  /** Texts by path from the root. */
  readonly texts = new Map<string, string>();
  private readonly pieces = new Map<string, Piece[]>();

  constructor(private readonly blocks: readonly Block[]) {
    for (const block of blocks) if (isWhole(block)) this.putWhole(block);
    for (const block of blocks) if (!isWhole(block)) this.insert(block);
  }

  /** Where a block is: the file that it names, or one that is as deep as a domain's methods. */
  static placeOf({ page, line, file, kind }: Block): string {
    return file ?? `imports/api/docs/${page.replace(/\W/g, '-')}-${line}.${kind}`;
  }

  private putWhole(block: Block): void {
    const path = ProjectWithDocs.placeOf(block);
    const already = this.pieces.get(path)?.[0]?.block;
    if (already) throw new Error(`${path}: is in ${already.page}:${already.line} as well`);
    this.texts.set(path, `${block.text}\nexport {};\n`);
    this.pieces.set(path, [{ block, from: 0, to: block.text.length }]);
  }

  private insert(block: Block): void {
    const path = ProjectWithDocs.placeOf(block);
    const before = insertedBefore[path] as RegExp;
    const text = this.texts.get(path) ?? this.withImport(path, readFileSync(join(root, path), 'utf8'));
    const from = text.search(before);
    if (from < 0) throw new Error(`${path}: has no place for ${block.page}:${block.line}`);
    this.texts.set(path, `${text.slice(0, from)}${block.text}\n${text.slice(from)}`);
    this.pieces.set(path, [...(this.pieces.get(path) ?? []), { block, from, to: from + block.text.length }]);
  }

  private withImport(path: string, text: string): string {
    const { name = '', from } = imports[path] ?? {};
    const isUsed = this.blocks.some(({ file, text: its }) => file === path && its.includes(name));
    const line = `import { ${name} } from '${from}';\n`;
    return from === undefined || !isUsed || text.includes(line) ? text : line + text;
  }

  /** What the compiler has against the blocks, one line each. */
  problems(): string[] {
    const program = this.program();
    return [...this.texts.keys()].flatMap(path => {
      const source = program.getSourceFile(join(root, path));
      if (!source) return [`${path}: not compiled`];
      const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
      return found.flatMap(({ start = 0, messageText }) => {
        const piece = this.pieces.get(path)?.find(({ from, to }) => start >= from && start <= to);
        if (!piece) return [];
        const line = piece.block.line + this.texts.get(path)!.slice(piece.from, start).split('\n').length - 1;
        return [`${piece.block.page}:${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`];
      });
    });
  }

  private program(): ts.Program {
    const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent(
      { ...config, include: [], files: ['server/main.ts'] },
      ts.sys,
      root,
    );
    const host = ts.createCompilerHost(options);
    const { readFile, fileExists, getSourceFile, directoryExists } = host;
    const ours = (path: string) => this.texts.get(relative(root, path));
    host.readFile = path => ours(path) ?? readFile(path);
    host.fileExists = path => ours(path) !== undefined || fileExists(path);
    host.directoryExists = path => this.isFolder(path) || (directoryExists?.(path) ?? false);
    host.getSourceFile = (path, languageVersion, ...rest) => {
      const text = ours(path);
      if (text !== undefined) return ts.createSourceFile(path, text, languageVersion);
      if (!parsed.has(path)) parsed.set(path, getSourceFile(path, languageVersion, ...rest));
      return parsed.get(path);
    };
    const roots = [...new Set([...this.texts.keys(), ...ambient])].map(path => join(root, path));
    return ts.createProgram(roots, { ...options, noEmit: true }, host);
  }

  private isFolder(path: string): boolean {
    return [...this.texts.keys()].some(one => join(root, dirname(one)) === path);
  }
}

/** Files of the project and of packages: parsed once, whatever the docs add. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/** Named by no block, and typed by all: the app tells the compiler its catalog there. */
const ambient = [
  'imports/app.ts',
  'infra/meteor-additions.d.ts',
  'infra/meteor-roles.d.ts',
  'infra/node-host/untyped-modules.d.ts',
  'packages/synced-cron/later.d.ts',
];

type Load = (name: string) => unknown;

/** Runs modules of a project with docs in this process. What is not the docs' own is the real module. */
export class DocModules {
  private readonly loaded = new Map<string, Promise<Record<string, unknown>>>();

  /**
   * @param instead modules that stand in for real ones, by path from the root.
   * @param real Jest's own require.
   */
  constructor(
    private readonly project: ProjectWithDocs,
    private readonly real: Load,
    private readonly instead: Record<string, unknown>,
  ) {}

  /** Loads a module, and before it those of the docs that it imports. */
  load(path: string): Promise<Record<string, unknown>> {
    const found = this.loaded.get(path) ?? this.run(path);
    this.loaded.set(path, found);
    return found;
  }

  private async run(path: string): Promise<Record<string, unknown>> {
    const source = this.project.texts.get(path) ?? readFileSync(join(root, path), 'utf8');
    const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true };
    const { outputText } = ts.transpileModule(source, { compilerOptions });
    const imports = new Map<string, unknown>();
    for (const [, name] of source.matchAll(/from '([^']+)'/g)) imports.set(name!, await this.imported(name!, path));
    const exports: Record<string, unknown> = {};
    // The docs' own code is what is to be tested here.
    const main = new AsyncFunction('require', 'exports', 'console', outputText);
    await main((name: string) => imports.get(name), exports, { log: () => {} });
    return exports;
  }

  private async imported(name: string, from: string): Promise<unknown> {
    if (!name.startsWith('.')) return this.real(name);
    const path = join(dirname(from), name);
    if (path in this.instead) return this.instead[path];
    const file = [`${path}.ts`, `${path}/index.ts`].find(one => this.project.texts.has(one) || one === addsTask);
    return file ? this.load(file) : this.real(join(root, path));
  }
}

/** Adds to the queue that stands in, so it is loaded anew with it. */
const addsTask = 'infra/queue/adds-task.ts';

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (
  ...args: string[]
) => (...args: unknown[]) => Promise<void>;

/** Whether a block needs nothing but a queue and a database. */
export function isRunnable({ text, file }: Block): boolean {
  const imports = [...text.matchAll(/from '([^']+)'/g)].map(([, name]) => name!);
  const near = /^(node:|\.\.\/\.\.\/\.\.\/infra\/(queue|catalog|database|schedules)$)/;
  return file === undefined && imports.length > 0 && imports.every(name => near.test(name));
}
