import type { App, Service } from '../app';
import { type AnyCatalog, didYouMean } from '../catalog';
import type { Connection } from '../database';
import type { Events } from '../monitor/events';
import { TaskQueue } from '../queue';
import { Dispatcher, type DispatchTrouble } from '../queue/dispatch/dispatcher';
import type { Executor } from '../queue/model/executor';
import { type Settings, SettingsError } from '../settings';
import { outside } from '../timing/outside';
import { Pool } from '../workers/pool/pool';
import type { PoolSnapshot } from '../workers/pool/pool-snapshot';
import type { HandlerRegistry } from '../workers/process/run-task';
import type { HeldLoop } from '../workers/role/loop-watch';
import { RoleExecutor } from '../workers/role/role-executor';
import { TwoExecutors } from '../workers/role/two-executors';
import { checkWorkerFile, workerFileAbove } from '../workers/worker-file';
import type { AppContext } from './app-context';
import { inspectFrom, runsInProcess, taskGraceMs } from './environment';

/** What `npm start` sends to a role that drains, when a person does not want to wait for its tasks. */
const handBackNow = 'hand back now';
const workerFile = 'workers/main.js';
const none: PoolSnapshot = {
  workers: 0,
  maxWorkers: 0,
  busy: 0,
  slots: 0,
  waiting: 0,
  load: 0,
  cpuMs: 0,
  processes: [],
  starts: 'ok',
};

/** Claims tasks and runs them in worker processes. */
export class Workers implements Service {
  readonly name = 'workers';
  private pool?: Pool;
  private dispatcher?: Dispatcher;
  private inRole?: RoleExecutor;
  /** What this role runs. */
  readonly taskTypes: readonly string[];
  private paused = false;
  private stopping?: Promise<void>;

  private readonly app: App;
  private readonly settings: Settings;
  private readonly events: Events;
  private readonly connection: Connection;

  constructor({ app, settings, events, connection }: Pick<AppContext, 'app' | 'settings' | 'events' | 'connection'>) {
    this.app = app;
    this.connection = connection;
    this.settings = settings;
    this.events = events;
    this.taskTypes = taskTypesOf(settings.workers, app.catalog as AnyCatalog);
    events.on('queue.overloaded', () => this.setPaused(true));
    events.on('queue.resumed', () => this.setPaused(false));
  }

  /** @throws where the worker file is missing or older than its sources, with the command that builds it. */
  async start(): Promise<void> {
    if (!this.settings.workers.enabled) return this.events.emit('workers.off', {});
    const executor = runsInProcess() ? this.allInRole() : this.withRole();
    this.dispatcher = new Dispatcher({ queue: TaskQueue, executor, settings: this.dispatcherSettings() });
    await this.dispatcher.start();
  }

  /**
   * Drains: lets tasks finish within the host's grace period, and hands the rest back; at once where the process that
   * has started this one says so. Twice is fine.
   */
  stop(): Promise<void> {
    this.stopping ??= this.drain();
    return this.stopping;
  }

  /** What it runs now: as long as no worker can start, only what runs in the role itself. */
  get takenTypes(): readonly string[] {
    if (this.pool?.snapshot().starts !== 'failing') return this.taskTypes;
    return this.taskTypes.filter(taskType => Object.hasOwn(this.app.roleHandlers ?? {}, taskType));
  }

  /** Which task types have held the event loop of this role, for the register of processes. */
  heldLoop(): HeldLoop[] {
    return this.inRole?.heldLoop() ?? [];
  }

  /** What runs in the role itself. */
  inRoleNow(): ReturnType<RoleExecutor['tasks']> {
    return this.inRole?.tasks() ?? [];
  }

  /** Replaces a worker when its tasks have ended. @throws `refused` where there is no such worker. */
  recycle(pid: number): void {
    if (this.pool?.recycle(pid)) return;
    throw Object.assign(new Error(`there is no worker ${pid} that takes tasks`), { code: 'refused' });
  }

  /** Workers; but if the app has task types that run in the role itself, these do not go into them. */
  private withRole(): Executor {
    const workers = new Pool(this.poolOptions(fileOfWorkers()));
    this.pool = workers;
    const { roleHandlers = {} } = this.app;
    if (Object.keys(roleHandlers).length === 0) return workers;
    this.inRole = this.roleExecutor(roleHandlers);
    const inRole = (taskType: string) => Object.hasOwn(roleHandlers, taskType);
    return new TwoExecutors({ workers, role: this.inRole, inRole });
  }

  /** One task of a type at a time: whoever looks at a handler looks at one. */
  private allInRole(): Executor {
    const { handlers, roleHandlers } = this.app;
    this.inRole = this.roleExecutor({ ...handlers, ...roleHandlers }, 1);
    return this.inRole;
  }

  private roleExecutor(handlers: object, ofOthers?: number): RoleExecutor {
    const { handlerSettings, core } = TaskQueue;
    return new RoleExecutor({
      // Its limits may be changed at run time.
      get catalog() {
        return core.catalog;
      },
      handlers: handlers as HandlerRegistry,
      ...(ofOthers !== undefined && { ofOthers }),
      inspected: inspectFrom() !== undefined,
      queue: TaskQueue,
      // As in a worker, a call may take as long as the task.
      db: this.connection.client.db(core.db.databaseName),
      handlerSettings,
      emit: this.events.emit,
      abortGraceMs: this.settings.workers.graceMs,
    });
  }

  nudge(): void {
    outside(() => this.dispatcher?.wake());
  }

  /** @throws `refused` for a type that this role does not run. */
  refuseOthers(taskType: string): void {
    if (this.taskTypes.includes(taskType) || !Object.hasOwn(this.app.catalog, taskType)) return;
    throw Object.assign(new Error(`this jobs role does not run ${taskType}`), { code: 'refused' });
  }

  /** Whether its claims and writes succeed; undefined while it runs no tasks. */
  trouble(): DispatchTrouble | undefined {
    return this.dispatcher?.trouble;
  }

  /** While the machine is overloaded: nothing below this priority starts here. */
  minPriority(): number | undefined {
    return this.dispatcher?.minPriority;
  }

  /** What the workers are doing now. */
  snapshot(): PoolSnapshot & { enabled: boolean; paused: boolean } {
    return { ...(this.pool?.snapshot() ?? none), enabled: this.settings.workers.enabled, paused: this.paused };
  }

  private async drain(): Promise<void> {
    const cut = new AbortController();
    const hear = (message: unknown) => {
      if (message === handBackNow) cut.abort();
    };
    process.on('message', hear);
    await this.dispatcher?.stop(taskGraceMs(), cut.signal).finally(() => process.off('message', hear));
  }

  private setPaused(paused: boolean): void {
    this.paused = paused;
  }

  private poolOptions(file: string): ConstructorParameters<typeof Pool>[0] {
    const { count, env, keepAlive, niceness, graceMs, prefetch, maxTasks, maxAge, maxMemoryMb } = this.settings.workers;
    const inspect = inspectFrom();
    return {
      file,
      catalog: this.app.catalog,
      appName: `${this.app.name}-worker`,
      emit: this.events.emit,
      queue: TaskQueue,
      ...(count !== undefined && { maxWorkers: count }),
      keepAlive,
      niceness,
      abortGraceMs: graceMs,
      prefetch,
      recycle: { tasks: maxTasks, ageMs: maxAge, rssBytes: maxMemoryMb * 1_048_576 },
      databaseUrl: process.env.MONGO_URL ?? '',
      handlerSettings: TaskQueue.handlerSettings,
      env: inherited(env),
      ...(inspect !== undefined && { inspectFrom: inspect }),
    };
  }

  private dispatcherSettings(): ConstructorParameters<typeof Dispatcher>[0]['settings'] {
    const { refreshRate, leaseMs, heartbeatMs, batch, concurrency, takeOver } = this.settings.queue;
    return {
      refreshRate,
      leaseMs,
      heartbeatMs,
      batch,
      ...(concurrency !== undefined && { concurrency }),
      overload: this.settings.overload,
      signTakeOver: takeOver,
      taskTypes: this.taskTypes,
    };
  }
}

function fileOfWorkers(): string {
  const file = pathOfWorkers();
  checkWorkerFile(file);
  return file;
}

function pathOfWorkers(): string {
  // The bundle that Rspack makes for `meteor run` has no Assets in some versions: docs/rspack.md.
  const found = typeof Assets === 'undefined' ? workerFileAbove(process.cwd()) : undefined;
  if (found) return found;
  try {
    return Assets.absoluteFilePath(workerFile);
  } catch (cause) {
    const remedy = 'build it with `npm run build:worker`, then start or deploy again';
    throw new Error(`The worker file private/${workerFile} is missing: ${remedy}`, { cause });
  }
}

/** The variables of this environment that the setting `workers.env` names. */
function inherited(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap(name => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

type TaskTypeSettings = Pick<Settings['workers'], 'enabled' | 'taskTypes' | 'exceptTaskTypes'>;

/**
 * The task types that this role runs: all, unless its settings name some.
 *
 * @throws SettingsError for a name that the catalog does not have.
 */
export function taskTypesOf({ enabled, taskTypes, exceptTaskTypes }: TaskTypeSettings, catalog: AnyCatalog): string[] {
  const all = Object.keys(catalog);
  const problems = [...unknown('taskTypes', taskTypes, all), ...unknown('exceptTaskTypes', exceptTaskTypes, all)];
  if (problems.length > 0) throw new SettingsError(problems);
  if (!enabled) return [];
  if (taskTypes.length > 0) return all.filter(taskType => taskTypes.includes(taskType));
  return all.filter(taskType => !exceptTaskTypes.includes(taskType));
}

function unknown(setting: string, names: readonly string[], all: readonly string[]): string[] {
  return names
    .filter(name => !all.includes(name))
    .map(
      name => `workers.${setting}: ${JSON.stringify(name)}: the catalog has no such task type${didYouMean(name, all)}`,
    );
}
