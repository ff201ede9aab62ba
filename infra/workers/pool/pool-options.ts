import { availableParallelism } from 'node:os';
import { show } from '../../errors/plain-error';
import type { Emit } from '../../monitor/events';
import type { NamedRateLimits } from '../../queue/api/named-rates';
import type { TypeOverrides } from '../protocol/task-types';

/** meteor-cluster's broker of the master: it answers the messages that handlers send by `toggleIPC` and `ask`. */
export type MessageBroker = (
  respond: (answer: unknown) => void,
  // biome-ignore lint/suspicious/noExplicitAny: data is whatever a handler sends
  message: { status: number; data: any; taskId: string; taskType: string },
) => unknown;

/** The role's queue, as far as handlers may use it. */
export interface PoolQueue {
  // biome-ignore lint/suspicious/noExplicitAny: it parses what it is given
  addTask(task: any): Promise<string>;
  // biome-ignore lint/suspicious/noExplicitAny: it parses what it is given
  addTasks(tasks: any): Promise<string[]>;
  // biome-ignore lint/suspicious/noExplicitAny: it parses what it is given
  addBatch(batch: any): Promise<PoolBatch>;
  batch(id: string): PoolBatch;
  readonly rates: Pick<NamedRateLimits, 'take'>;
}

/** A batch, as far as handlers may use it. */
export interface PoolBatch {
  readonly id: string;
  // biome-ignore lint/suspicious/noExplicitAny: it parses what it is given
  add(tasks: any): Promise<string[]>;
  seal(): Promise<void>;
  read(): Promise<unknown>;
  failed(limit?: number): Promise<string[]>;
}

/** When a worker is replaced by a fresh one, between tasks. 0 means never for that reason. */
export interface RecycleLimits {
  tasks: number;
  ageMs: number;
  rssBytes: number;
}

const defaultRecycleLimits: RecycleLimits = {
  tasks: 100_000,
  ageMs: 24 * 60 * 60 * 1_000,
  rssBytes: 1024 * 1024 * 1024,
};

export interface PoolOptions {
  /** The bundled worker file, as checkWorkerFile returns it. */
  file: string;
  /** The app's task types: time-outs, tasks at once in a worker, and the hash that a worker's own must equal. */
  catalog: object;
  emit: Emit;
  /** The most worker processes at once. Default: as many as the machine has cores. */
  maxWorkers?: number;
  /** How many workers stay when there is nothing to do. Default 0. */
  minWorkers?: number;
  /**
   * `'always'` starts all workers at once and keeps them; with a number they exit so many milliseconds after the last
   * work. Default: one second.
   */
  keepAlive?: 'always' | number;
  /** The database of `context.db`. It travels by the channel, not by the environment. */
  databaseUrl?: string;
  appName?: string;
  /** What handlers find as `context.settings`. It travels by the channel, not by the environment. */
  handlerSettings?: object;
  messageBroker?: MessageBroker | null;
  /** The queue for tasks that handlers add. */
  queue?: PoolQueue;
  /** How this role overrides the catalog. */
  types?: Record<string, Pick<TypeOverrides, 'handler' | 'timeout' | 'perWorker'>>;
  /** How much lower the CPU priority of workers is, from 0 (as the role) to 19. Default 10. */
  niceness?: number;
  /** How long a handler may take to stop after its signal, before its worker is killed. Default 5 s. */
  abortGraceMs?: number;
  recycle?: Partial<RecycleLimits>;
  /** The most JavaScript heap of a worker in MB: one that needs more crashes. Default 0: Node's own limit. */
  heapLimitMb?: number;
  /** How long a worker may take to start. Default 30 s. */
  bootTimeoutMs?: number;
  /** How long starts may fail before the pool claims for no worker that it does not have. Default 60 s. */
  startPatienceMs?: number;
  /** The most tasks that wait in the pool for a worker; 0 claims only what can start at once. Default 500. */
  prefetch?: number;
  /** The largest result in bytes. Default 1 MB. */
  resultLimit?: number;
  /** A worker reports a task's progress at most once in so many milliseconds. Default 250. */
  progressEveryMs?: number;
  /**
   * Opens an inspector in each worker, from this port on. Nothing is killed for its time then, no worker is replaced,
   * and none ends for lack of work: a handler may stand at a breakpoint.
   */
  inspectFrom?: number;
  /** What handlers find in process.env beside the machine's own (PATH, TZ, …). */
  env?: Record<string, string>;
}

export interface ResolvedPoolOptions
  extends Required<Omit<PoolOptions, 'databaseUrl' | 'recycle' | 'messageBroker' | 'queue' | 'inspectFrom'>> {
  inspectFrom: number | undefined;
  databaseUrl: string | undefined;
  queue: PoolQueue | undefined;
  messageBroker: MessageBroker | undefined;
  recycle: RecycleLimits;
}

/** Fills in the defaults. @throws one Error that names every number outside of its range. */
export function resolvePoolOptions(input: PoolOptions): ResolvedPoolOptions {
  const { recycle, messageBroker, databaseUrl, queue, inspectFrom, ...rest } = input;
  const options: ResolvedPoolOptions = {
    maxWorkers: availableParallelism(),
    minWorkers: 0,
    keepAlive: 1_000,
    appName: 'tandem-worker',
    niceness: 10,
    abortGraceMs: 5_000,
    heapLimitMb: 0,
    bootTimeoutMs: 30_000,
    startPatienceMs: 60_000,
    prefetch: 500,
    resultLimit: 1024 * 1024,
    progressEveryMs: 250,
    env: {},
    handlerSettings: {},
    types: {},
    ...withoutUndefined(rest),
    ...(inspectFrom !== undefined && { keepAlive: Number.MAX_SAFE_INTEGER }),
    databaseUrl,
    queue,
    inspectFrom,
    messageBroker: messageBroker ?? undefined,
    recycle: { ...defaultRecycleLimits, ...withoutUndefined(recycle ?? {}) },
  };
  const problems = findProblems(options);
  if (problems.length > 0) throw new RangeError(`The pool's options are not valid:\n  ${problems.join('\n  ')}`);
  return options;
}

function findProblems(options: ResolvedPoolOptions): string[] {
  const { keepAlive, recycle } = options;
  const ranges: [name: string, value: unknown, min: number, max: number][] = [
    ['maxWorkers', options.maxWorkers, 1, 1_024],
    ['minWorkers', options.minWorkers, 0, options.maxWorkers],
    ['niceness', options.niceness, 0, 19],
    ['abortGraceMs', options.abortGraceMs, 0, 3_600_000],
    ['bootTimeoutMs', options.bootTimeoutMs, 1, 3_600_000],
    ['startPatienceMs', options.startPatienceMs, 1, 3_600_000],
    ['heapLimitMb', options.heapLimitMb, 0, 1_048_576],
    ['prefetch', options.prefetch, 0, 100_000],
    ['resultLimit', options.resultLimit, 1, 15 * 1024 * 1024],
    ['progressEveryMs', options.progressEveryMs, 0, 3_600_000],
    ['recycle.tasks', recycle.tasks, 0, Number.MAX_SAFE_INTEGER],
    ['recycle.ageMs', recycle.ageMs, 0, Number.MAX_SAFE_INTEGER],
    ['recycle.rssBytes', recycle.rssBytes, 0, Number.MAX_SAFE_INTEGER],
  ];
  const problems = ranges
    .filter(([, value, min, max]) => !isWithin(value, min, max))
    .map(([name, value, min, max]) => `${name}: ${show(value)} is not a whole number from ${min} to ${max}`);
  if (keepAlive !== 'always' && !isWithin(keepAlive, 0, Number.MAX_SAFE_INTEGER))
    problems.push(`keepAlive: ${show(keepAlive)} is neither 'always' nor a number of milliseconds`);
  return problems;
}

function isWithin(value: unknown, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}

function withoutUndefined<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
