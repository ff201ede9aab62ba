import { availableParallelism } from 'node:os';
import { didYouMean } from '../catalog';
import { show } from '../errors/plain-error';
import { TaskQueue, type TaskQueueOf } from '../queue';
import type { DispatcherSettings } from '../queue/dispatch/dispatcher';
import type { MessageBroker, PoolOptions } from '../workers/pool/pool-options';

/** meteor-cluster's options, then what a role adds. */
export interface ClusterOptions {
  /** No effect: workers open no port. */
  port?: number;
  /** The most worker processes at once. Default: as many as the machine has cores, which is also the most. */
  maxAvailableWorkers?: number;
  /** How often to read the queue when nothing announces work, in ms. Default: 1,000. */
  refreshRate?: number;
  /** Runs only tasks in the memory of this role. Default: false. */
  inMemoryOnly?: boolean;
  /** Answers what handlers send by `toggleIPC` and `ask`. */
  messageBroker?: MessageBroker | null;
  /** `'error'` silences all but warnings and errors. Default: `'all'`. */
  logs?: 'all' | 'error';
  /**
   * `'always'` starts all workers at once and keeps them; with a number they exit so many ms after the last work.
   * Default: they exit when a refreshRate has passed without work.
   */
  keepAlive?: 'always' | number;
  /** Whether the cluster starts by itself, as soon as the queue is connected. Default: true. */
  autoInitialize?: boolean;

  /** Default: the app's TaskQueue. */
  // biome-ignore lint/suspicious/noExplicitAny: a cluster works for a queue of any catalog
  queue?: TaskQueueOf<any, any>;
  /** The bundled worker file. Default: private/workers/main.js, by Meteor's Assets. */
  workerFile?: string;
  /** The database of `context.db`. Default: MONGO_URL. */
  databaseUrl?: string;
  /** Further options of the pool of workers. */
  pool?: Omit<Partial<PoolOptions>, 'file' | 'catalog' | 'emit' | 'queue' | 'types' | 'messageBroker' | 'databaseUrl'>;
  /** Further settings of the dispatcher. */
  dispatcher?: Omit<DispatcherSettings, 'refreshRate' | 'inMemoryOnly' | 'taskTypes'>;
}

export interface ResolvedClusterOptions
  extends Required<Omit<ClusterOptions, 'port' | 'workerFile' | 'databaseUrl' | 'keepAlive' | 'messageBroker'>> {
  keepAlive: 'always' | number | undefined;
  messageBroker: MessageBroker | null;
  workerFile: string | undefined;
  databaseUrl: string | undefined;
  /** Logged at start: an option was replaced by another value. */
  warnings: string[];
}

const known = [
  ...['port', 'maxAvailableWorkers', 'refreshRate', 'inMemoryOnly', 'messageBroker', 'logs', 'keepAlive'],
  ...['autoInitialize', 'queue', 'workerFile', 'databaseUrl', 'pool', 'dispatcher'],
];

/**
 * The options with all defaults. As in meteor-cluster, a number of workers out of range is corrected with a warning.
 *
 * @throws one Error that names each option that is unknown or of the wrong kind.
 */
export function resolveClusterOptions(input: ClusterOptions): ResolvedClusterOptions {
  const problems = findProblems(input);
  if (problems.length > 0) throw new TypeError(`The cluster's options are not valid:\n  ${problems.join('\n  ')}`);
  const warnings: string[] = [];
  if (input.port !== undefined) warnings.push(`port: ${input.port} means nothing here: workers open no port`);
  return {
    maxAvailableWorkers: workersWithin(input.maxAvailableWorkers, availableParallelism(), warnings),
    refreshRate: input.refreshRate ?? 1_000,
    inMemoryOnly: input.inMemoryOnly ?? false,
    messageBroker: input.messageBroker ?? null,
    logs: input.logs ?? 'all',
    keepAlive: input.keepAlive,
    autoInitialize: input.autoInitialize ?? true,
    queue: input.queue ?? TaskQueue,
    workerFile: input.workerFile,
    databaseUrl: input.databaseUrl ?? process.env.MONGO_URL,
    pool: input.pool ?? {},
    dispatcher: input.dispatcher ?? {},
    warnings,
  };
}

/** @param max as many as there are cores. */
export function workersWithin(asked: number | undefined, max: number, warnings: string[]): number {
  if (asked === undefined) return max;
  const taken = Math.min(max, Math.max(1, Math.floor(asked)));
  const why = asked > max ? `the machine has ${max} cores` : 'a cluster needs a whole worker';
  if (taken !== asked) warnings.push(`maxAvailableWorkers: ${asked} is taken for ${taken}: ${why}`);
  return taken;
}

/** @throws if it is no number of milliseconds that a timer can wait. */
export function parseRefreshRate(ms: unknown): number {
  if (Number.isInteger(ms) && (ms as number) >= 10 && (ms as number) < 2 ** 31) return ms as number;
  throw new TypeError(`refreshRate: ${show(ms)} is not a whole number of milliseconds, 10 at least`);
}

type Rule = [name: keyof ClusterOptions, holds: (value: unknown) => boolean, what: string];

const rules: Rule[] = [
  ['maxAvailableWorkers', value => typeof value === 'number' && !Number.isNaN(value), 'a number'],
  ['refreshRate', value => Number.isInteger(value) && (value as number) >= 10, 'a whole number of ms, 10 at least'],
  ['inMemoryOnly', value => typeof value === 'boolean', 'true or false'],
  ['messageBroker', value => value === null || typeof value === 'function', 'a function (respond, message)'],
  ['logs', value => value === 'all' || value === 'error', "'all' or 'error'"],
  ['keepAlive', isKeepAlive, "'always' or a number of ms"],
  ['autoInitialize', value => typeof value === 'boolean', 'true or false'],
];

function isKeepAlive(value: unknown): boolean {
  return value === 'always' || (Number.isInteger(value) && (value as number) >= 0);
}

function findProblems(input: ClusterOptions): string[] {
  const unknown = Object.keys(input).filter(name => !known.includes(name));
  const wrong = rules.filter(([name, holds]) => input[name] !== undefined && !holds(input[name]));
  return [
    ...unknown.map(name => `${name}: unknown option${didYouMean(name, known)}`),
    ...wrong.map(([name, , what]) => `${name}: ${show(input[name])} is not ${what}`),
  ];
}
