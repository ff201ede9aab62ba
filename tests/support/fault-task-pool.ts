import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildWorker } from '../../infra/dev/bundling/build-worker';
import type { AttemptReport, ExecutorCallbacks } from '../../infra/queue/model/executor';
import type { Progress, Task } from '../../infra/queue/model/task';
import { Pool } from '../../infra/workers/pool/pool';
import type { PoolOptions } from '../../infra/workers/pool/pool-options';
import { eventually } from './eventually';
import { catalog, type FaultCatalog } from './fault-task-catalog';
import { faultWorkerFolder, root } from './run';

/** The worker with the fault tasks' handlers, built once per run. */
export async function buildFaultWorker(): Promise<{ file: string }> {
  const outDir = faultWorkerFolder();
  const file = join(outDir, 'main.js');
  if (existsSync(file)) return { file };
  const handlers = join(__dirname, 'fault-task-handlers.ts');
  return buildWorker({ root, outDir, handlers, catalog: join(__dirname, 'fault-task-catalog.ts') });
}

let lastId = 0;

/** A task as the dispatcher would have claimed it. */
export function faultTask(taskType: keyof FaultCatalog, data: object = {}, more: Partial<Task> = {}): Task {
  lastId += 1;
  const now = new Date();
  return {
    _id: `${taskType}-${lastId}`,
    taskType,
    data,
    state: 'running',
    priority: 1,
    basePriority: 1,
    place: 1,
    createdAt: now,
    dueDate: now,
    attempt: 1,
    attempts: [],
    sender: { appId: 'tests', version: '1', rootUrl: 'http://localhost:3000' },
    catalogVersion: 1,
    ...more,
  };
}

export interface Said {
  name: string;
  fields: Record<string, unknown>;
}

type Ran = NonNullable<AttemptReport['ran']>;
type FlatReport = AttemptReport & Ran;

/** A real pool of real worker processes, and all that it said. */
export class FaultPool implements ExecutorCallbacks {
  readonly pool: Pool;
  readonly reports = new Map<string, FlatReport>();
  readonly started = new Map<string, number>();
  readonly progress: { taskId: string; progress: Progress }[] = [];
  readonly said: Said[] = [];
  wake: () => void = () => {};

  constructor(options: Partial<PoolOptions> & { file: string }) {
    const emit = (name: string, fields: object) => this.said.push({ name, fields: fields as Said['fields'] });
    this.pool = new Pool({ catalog, emit, maxWorkers: 1, keepAlive: 'always', ...options });
  }

  async start(): Promise<this> {
    await this.pool.start(this);
    return this;
  }

  onReport(report: AttemptReport): void {
    if (this.reports.has(report.task._id)) throw new Error(`${report.task._id} is reported twice`);
    this.reports.set(report.task._id, { ...report, ...(report.ran as Ran) });
  }

  onStarted(task: Task, workerPid: number): void {
    this.started.set(task._id, workerPid);
  }

  onProgress(task: Task, progress: Progress): void {
    this.progress.push({ taskId: task._id, progress });
  }

  /** Runs one task to its report. */
  async run(taskType: keyof FaultCatalog, data: object = {}, more: Partial<Task> = {}): Promise<FlatReport> {
    const task = faultTask(taskType, data, more);
    this.pool.execute([task]);
    return this.reportOf(task);
  }

  reportOf(task: Task): Promise<FlatReport> {
    return eventually(() => this.reports.get(task._id));
  }

  /** Resolves with the worker's pid when the task has begun. */
  begun(task: Task): Promise<number> {
    return eventually(() => this.started.get(task._id));
  }

  /** The ids of the tasks that it has handed back. */
  handedBack(): string[] {
    return [...this.reports.values()].flatMap(({ task, outcome }) => (outcome.kind === 'handedBack' ? [task._id] : []));
  }

  saidOf(name: string): Said['fields'][] {
    return this.said.filter(said => said.name === name).map(said => said.fields);
  }

  pids(): number[] {
    return this.pool.snapshot().processes.map(({ pid }) => pid);
  }
}
