import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { AnyCatalog } from '../../infra/catalog';
import { buildWorker } from '../../infra/dev/bundling/build-worker';
import type { TaskQueueOf } from '../../infra/queue/api/task-queue';
import { type Block, readPages } from './docs';
import { DocModules, ProjectWithDocs } from './docs-typescript';
import { startProcess, type TestProcess } from './processes';
import type { RecipeRole } from './programs/recipe-role';
import { root } from './run';

/** This app with the code of recipes written into it, in a folder of its own: its worker is built, its roles run. */
export class RecipeApp {
  private readonly folder = mkdtempSync(join(tmpdir(), 'tandem-recipe-'));
  private readonly project: ProjectWithDocs;
  private readonly roles: TestProcess[] = [];

  /** @param needs what the pages name beside their own blocks, such as a handler that another page shows. */
  constructor(pages: readonly string[], needs: (block: Block) => boolean = () => false) {
    const blocks = readPages().flatMap(one => one.blocks.filter(({ kind }) => kind === 'ts'));
    const isOwn = ({ page }: Block) => pages.includes(page);
    const own = blocks.filter(isOwn);
    this.project = new ProjectWithDocs([...own, ...blocks.filter(block => !isOwn(block) && needs(block))]);
    this.lines = own.flatMap(({ text }) => text.split('\n')).length;
  }

  /** Of code that the recipe has. */
  readonly lines: number;

  /** @param edit what this machine needs otherwise in its sources. */
  async build(edit: (text: string) => string = text => text): Promise<void> {
    cpSync(join(root, 'imports'), join(this.folder, 'imports'), { recursive: true });
    for (const name of ['infra', 'packages', 'node_modules', 'package.json', 'package-lock.json'])
      symlinkSync(join(root, name), join(this.folder, name));
    for (const [path, text] of this.project.texts) {
      mkdirSync(dirname(join(this.folder, path)), { recursive: true });
      writeFileSync(join(this.folder, path), edit(text));
    }
    await buildWorker({ root: this.folder });
  }

  async catalog(): Promise<AnyCatalog> {
    const { catalog } = await this.modules({}).load('imports/tasks/catalog.ts');
    return catalog as AnyCatalog;
  }

  /** Loads a module of it into this process, as a web role would, with this queue. */
  load(path: string, queue: TaskQueueOf<AnyCatalog>): Promise<Record<string, unknown>> {
    return this.modules({ 'infra/queue': { TaskQueue: queue } }).load(path);
  }

  /** Starts a jobs role as a process of its own. */
  async startRole(role: Omit<RecipeRole, 'folder'>): Promise<TestProcess> {
    const env = { ...process.env, RECIPE_ROLE: JSON.stringify({ ...role, folder: this.folder }) };
    const program = join(root, 'tests/support/programs/recipe-role.ts');
    const started = startProcess(process.execPath, ['--require', 'tsx/cjs', program], { cwd: root, env });
    this.roles.push(started);
    await started.says(/role is ready/);
    return started;
  }

  async remove(): Promise<void> {
    for (const role of this.roles) role.kill();
    await Promise.all(this.roles.map(({ ended }) => ended));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private modules(instead: Record<string, unknown>): DocModules {
    return new DocModules(this.project, name => require(name), instead);
  }
}
