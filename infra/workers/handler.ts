import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Db } from 'mongodb';
import type {
  AppCatalog,
  AppOwnSettings,
  AppRate,
  AppTaskType,
  DataIn,
  TaskTypeIn,
  TaskTypeRunningIn,
} from '../catalog';
import { timeOf } from '../catalog';
import type { FileStore } from '../database';
import { messageOf, show } from '../errors/plain-error';
import type { Task } from '../queue/model/task';
import type { HandlerSettingsOf } from '../settings';
import type { HandlerBatch, HandlerQueue } from './process/handler-queue';
import type { AskOptions, ToggleIPC } from './process/questions';

export { TaskQueue } from './process/handler-queue';

/**
 * Thrown by a handler whose task can't succeed however often it is tried: the task fails at once, with its attempts
 * unused.
 */
export class FatalError extends Error {
  override readonly name: string = 'FatalError';
}

/**
 * Thrown by a handler whose task can't be done yet: it waits, no attempt is counted, and it doesn't sink. After
 * `maxSnoozes` of its type it has failed.
 *
 * @example throw new Snooze(60_000, 'the report is not there yet');
 */
export class Snooze extends Error {
  override readonly name: string = 'Snooze';

  /**
   * @param until milliseconds from now, or the date of the next try.
   * @param why for the log and the task's history.
   * @throws TypeError where it is neither.
   */
  constructor(
    readonly until: number | Date,
    why = 'its handler has put it off',
  ) {
    super(why);
    const isFine = typeof until === 'number' ? until >= 0 && until < Number.POSITIVE_INFINITY : timeOf(until) >= 0;
    if (!isFine) throw new TypeError(`Snooze: ${show(until)} is neither a number of milliseconds from 0 on nor a date`);
  }
}

/**
 * Decides how long to wait before the next attempt at a task whose handler has thrown: milliseconds, `'fail'` for no
 * more attempts, or `'default'` for the type's `backoff`. A handler's module may export one as `retry`, beside its
 * `handler`. The `attempts` of the type still apply.
 *
 * @param attempt how many attempts have been used, this one included.
 */
export type Retry = (error: Error, attempt: number) => number | 'fail' | 'default';

export type Write = (message: string, fields?: Record<string, unknown>) => void;

/** A handler's log. `log(…)` itself writes at the level info. The role adds the task's id and type. */
export interface HandlerLog extends Write {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
}

/**
 * The second argument of a handler: everything that an attempt has beside its task. It is also a function, meteor-cluster's
 * `toggleIPC`, so that handlers written for it run as they are.
 */
export interface HandlerContext extends ToggleIPC {
  /**
   * Reports how far the task is. It is cheap: the worker sends a few a second at most, and always the last one.
   *
   * @param fraction from 0 to 1; a value outside becomes the nearer end.
   * @param note a short text for the person who waits, 200 characters at most.
   * @throws TypeError where `fraction` is not a number or `note` not a text.
   */
  progress(fraction: number, note?: string): void;
  /** Writes to the role's log, with the task's id and type. */
  readonly log: HandlerLog;
  /** Aborts when the task is cancelled, runs too long, or must end because its role does; `reason` says which. */
  readonly signal: AbortSignal;
  /** The groups of `imports/settings.ts` that are marked with `forHandlers`, and no other. */
  readonly settings: HandlerSettingsOf<AppOwnSettings>;
  /** The app's database, by the npm driver. The first task that uses it opens the connection. */
  readonly db: Db;
  /** The app's files (GridFS), the only way for files to travel between roles. */
  readonly files: FileStore;
  /**
   * Puts the task off, as `throw new Snooze(until, why)` does.
   *
   * @throws always: no code after it runs.
   */
  snooze(until: number | Date, why?: string): never;
  /**
   * Waits until a named rate of the app (`rates` in `imports/app.ts`) has room for `cost`, over all jobs roles. The
   * attempt's time-out keeps running.
   *
   * @param cost how much of the rate's `max` it takes. Default: 1.
   * @throws if there is no such rate, or `cost` is above its `max`; the reason of `signal`, if that aborts.
   */
  rate(name: AppRate, cost?: number): Promise<void>;
  /** The same for every attempt at this task: pass it with each effect that must not happen twice. */
  readonly idempotencyKey: string;
  /** Adds tasks to the queue through the role, which knows the sender and the keys. */
  readonly queue: HandlerQueue;
  /** The batch that the task is a member of, or that it comes after. */
  readonly batch: HandlerBatch | undefined;
  /**
   * Asks the role: its `messageBroker` gets `data`, and the promise resolves with the answer.
   *
   * @throws where the role has no broker, the broker throws, or no answer came within `timeoutMs` (30 s).
   */
  ask(data: unknown, options?: AskOptions): Promise<unknown>;
  /** meteor-cluster's way of asking, the same function as the context itself. */
  readonly toggleIPC: ToggleIPC;
}

/** The code of one task type of the catalog C. Its value is the task's result: plain data, 1 MB at most. */
export type HandlerIn<C, T extends TaskTypeIn<C>, Result = unknown> = (
  task: Task<DataIn<C, T>>,
  context: HandlerContext,
) => Result | Promise<Result>;

/** The code of one task type of this app: what `imports/tasks/handlers/<task>.ts` exports as `handler`. */
export type Handler<T extends AppTaskType, Result = unknown> = HandlerIn<AppCatalog, T, Result>;

/** By task type, how to load the module of its handler. */
type RegistryOf<C, T extends TaskTypeIn<C>> = {
  readonly [K in T]: () => Promise<{ readonly handler: HandlerIn<C, K>; readonly retry?: Retry }>;
};

/** Where the worker finds the handlers of a catalog: each is loaded when its first task comes, never before. */
export type HandlersOf<C> = RegistryOf<C, TaskTypeRunningIn<C, 'worker'>>;

/** Where the jobs role finds the handlers of the types with `runsIn: 'role'`, loaded in the same way. */
export type RoleHandlersOf<C> = RegistryOf<C, TaskTypeRunningIn<C, 'role'>>;

/** The registry of this app, `imports/tasks/handlers/index.ts`. */
export type Handlers = HandlersOf<AppCatalog>;

/** The registry of this app, `imports/role-handlers/index.ts`. */
export type RoleHandlers = RoleHandlersOf<AppCatalog>;

/**
 * Loads an npm package with native code, which can't be bundled into the worker file. Call it in the handler, so that
 * only a worker that needs the package loads it.
 *
 * @example
 * import type sharpOf from 'sharp';
 * const sharp = nativePackage<typeof sharpOf>('sharp');
 * @throws an Error of one line that says what to do, if this machine has no such package, or none for its system.
 */
export function nativePackage<Exports>(name: string): Exports {
  try {
    return createRequire(placeOf(name))(name) as Exports;
  } catch (cause) {
    const { platform, arch } = process;
    const [reason] = messageOf(cause).split('\n');
    const remedy = `Where the app is installed or built, run: npm install --os=${platform} --cpu=${arch}${libcFlag()} ${name}`;
    throw new Error(`${name} can't be loaded on ${platform}-${arch}: ${reason} ${remedy}`, { cause });
  }
}

/** A Meteor bundle keeps its packages in programs/server/npm, which is no folder where Node looks. */
function placeOf(name: string): string {
  for (let folder = dirname(__filename); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'npm/node_modules', name))) return join(folder, 'npm/');
  }
  return __filename;
}

function libcFlag(): string {
  if (process.platform !== 'linux') return '';
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime ? ' --libc=glibc' : ' --libc=musl';
}
