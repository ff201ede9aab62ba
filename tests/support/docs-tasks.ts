import type { AnyCatalog } from '../../infra/catalog';
import { FileStore } from '../../infra/database';
import { TaskQueueOf } from '../../infra/queue/api/task-queue';
import type { Task } from '../../infra/queue/model/task';
import { parseTimes } from '../../infra/roles/stored-schedules';
import { SchedulesOf } from '../../infra/schedules/schedules';
import { Attempt } from '../../infra/workers/process/attempt';
import { Questions } from '../../infra/workers/process/questions';
import { type HandlerRegistry, runTask } from '../../infra/workers/process/run-task';
import { Crons } from './cron';
import type { Block } from './docs';
import { DocModules, ProjectWithDocs } from './docs-typescript';

const sender = { appId: 'docs', version: '1', rootUrl: 'http://localhost' };
const limits = { appName: 'tandem-docs', resultLimit: 1_048_576, progressEveryMs: 0 };

/** Runs what the docs show on a database: their task types, their schedules, their handlers. */
export class DocsAtWork {
  private constructor(
    private readonly crons: Crons,
    private readonly queue: TaskQueueOf<AnyCatalog>,
    private readonly modules: DocModules,
    private readonly handlerSettings: object,
  ) {}

  /**
   * @param real Jest's require, which knows how to load the project.
   * @param handlerSettings what the handlers find as `context.settings`.
   */
  static async open(
    project: ProjectWithDocs,
    real: (name: string) => unknown,
    handlerSettings: object = {},
  ): Promise<DocsAtWork> {
    const crons = await Crons.open();
    const { catalog } = await new DocModules(project, real, {}).load('imports/tasks/catalog.ts');
    const queue = new TaskQueueOf(catalog as AnyCatalog);
    queue.declare(catalog as AnyCatalog, {}, {}, 'owner');
    await queue.connect({ db: crons.database.db, sender });
    const schedules = new SchedulesOf<AnyCatalog>();
    schedules.connect({ queue, parseTimes });
    const instead = {
      'infra/queue': { TaskQueue: queue },
      'infra/queue/index': { TaskQueue: queue },
      'infra/schedules': { Schedules: schedules },
    };
    return new DocsAtWork(crons, queue, new DocModules(project, real, instead), handlerSettings);
  }

  /** Runs a block to its end. @throws what it throws. */
  async run(block: Block): Promise<void> {
    await this.modules.load(ProjectWithDocs.placeOf(block));
  }

  /** Adds the schedules of the docs, and runs each of them once. */
  async runSchedules(names: readonly string[]): Promise<void> {
    const cron = this.crons.add();
    const { addSchedules } = await this.modules.load('imports/schedules.ts');
    (addSchedules as (to: typeof cron) => void)(cron);
    for (const name of names) {
      if (!cron.nextScheduledAtDate(name)) throw new Error(`${name}: never due`);
      const { status, error } = (await cron.run(name)) as { status: string; error?: unknown };
      if (error) throw new Error(`${name}: ${status}`, { cause: error });
    }
  }

  /** Runs the handlers of the docs on all that is queued. @returns what became of each task, by type. */
  async work(): Promise<{ taskType: string; kind: string; value?: unknown }[]> {
    const queued = (await this.queue.find({ state: 'queued' }).fetchAsync()) as Task[];
    const ended = [];
    for (const task of queued) ended.push({ taskType: task.taskType, ...(await this.runOnce(task)) });
    return ended;
  }

  close(): Promise<void> {
    return this.crons.close();
  }

  private async runOnce(task: Task) {
    const { db } = this.crons.database;
    const send = () => {};
    const attempt = new Attempt(1, task, 1, {
      settings: { ...limits, handlerSettings: this.handlerSettings },
      questions: new Questions(send),
      database: { db, files: new FileStore(db) },
      send,
    });
    const outcome = await runTask(task, {
      catalog: this.queue.catalog,
      handlers: this.handlers(),
      resultLimit: limits.resultLimit,
      context: attempt.context,
      aborted: () => attempt.aborted(),
    });
    attempt.close();
    return outcome;
  }

  private handlers(): HandlerRegistry {
    const kebab = (name: string) => name.replace(/[A-Z]/g, capital => `-${capital.toLowerCase()}`);
    const load = (name: string) => () => this.modules.load(`imports/tasks/handlers/${kebab(name)}.ts`);
    return Object.fromEntries(
      Object.keys(this.queue.catalog).map(name => [name, load(name) as () => Promise<{ handler: unknown }>]),
    );
  }
}
