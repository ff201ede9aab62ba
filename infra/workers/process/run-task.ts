import { type AnyCatalog, parsePayload } from '../../catalog';
import { isError, messageOf, plainError, show } from '../../errors/plain-error';
import type { Task } from '../../queue/model/task';
import { FatalError, type HandlerContext, type Retry, Snooze } from '../handler';
import { sendable } from '../protocol/channel';
import type { AbortReason, WorkerOutcome } from '../protocol/messages';

/** A handler whose task type the compiler no longer knows. */
export type AnyHandler = (task: Task, context: HandlerContext) => unknown;

/** The handlers by task type, each loaded by a call. */
export type HandlerRegistry = { readonly [taskType: string]: (() => Promise<HandlerModule>) | undefined };

interface HandlerModule {
  handler: unknown;
  retry?: unknown;
}

/** What an attempt needs from the worker around it. */
export interface AttemptTools {
  readonly catalog: AnyCatalog;
  readonly handlers: HandlerRegistry;
  /** Another name in the registry than the task type's own. */
  readonly handlerName?: string | undefined;
  readonly resultLimit: number;
  readonly context: HandlerContext;
  /** Calls the handler: the jobs role measures the time on its event loop here. Default: a plain call. */
  readonly call?: (begin: () => unknown) => unknown;
  /** Why the attempt was told to stop, if it was, and whether its handler has looked at the signal. */
  aborted(): { reason: AbortReason; noticed: boolean } | undefined;
}

/** One attempt at a task: parse → run → classify. Never throws: whatever happens is an outcome. */
export async function runTask(task: Task, tools: AttemptTools): Promise<WorkerOutcome> {
  let retry: unknown;
  try {
    const parsed = parse(task, tools.catalog);
    const module = await load(tools.handlerName ?? parsed.taskType, tools.handlers);
    retry = module.retry;
    const begin = () => module.handler(parsed, tools.context);
    const value = await (tools.call ? tools.call(begin) : begin());
    return classifyValue(value, tools);
  } catch (thrown) {
    return classifyThrown(thrown, tools, () => waitAfter(thrown, task.attempt + 1, retry, tools.context));
  }
}

/** The same, where a promise that its handler left alone has failed the task whatever it returns. */
export async function outcomeOf(
  attempt: { readonly task: Task; readonly unhandledRejection: { reason: unknown } | undefined },
  tools: AttemptTools,
): Promise<WorkerOutcome> {
  const outcome = await runTask(attempt.task, tools);
  return attempt.unhandledRejection ? outcomeOfRejection(attempt.unhandledRejection) : outcome;
}

function parse(task: Task, catalog: AnyCatalog): Task {
  parsePayload(catalog, task.taskType, task.data);
  return task;
}

async function load(name: string, handlers: HandlerRegistry): Promise<{ handler: AnyHandler; retry?: unknown }> {
  const module = Object.hasOwn(handlers, name) ? await handlers[name]?.() : undefined;
  if (!module) throw new FatalError(`no handler for ${name}: name its module in imports/tasks/handlers/index.ts`);
  if (typeof module.handler !== 'function')
    throw new FatalError(`the module of ${name} must export a function named handler`);
  return module as { handler: AnyHandler; retry?: unknown };
}

/**
 * A handler that returns after its signal may have stopped half-way, so its value is discarded. One case is safe: the
 * role ends, and the handler never looked at the signal; then its work is complete.
 */
function classifyValue(result: unknown, { aborted, resultLimit }: AttemptTools): WorkerOutcome {
  const abort = aborted();
  if (abort && (abort.noticed || abort.reason !== 'stopping')) return { kind: 'aborted', reason: abort.reason };
  const { value, problems } = sendable(result, 'result', resultLimit);
  return problems.length === 0 ? { kind: 'done', value } : resultRefused(problems.join('; '));
}

/** The same code would return the same again: another attempt would not help. */
export function resultRefused(message: string): WorkerOutcome {
  return { kind: 'failed', fatal: true, error: { name: 'ResultError', message } };
}

function classifyThrown(
  thrown: unknown,
  { aborted }: AttemptTools,
  wait: () => { fatal?: true; retryMs?: number },
): WorkerOutcome {
  const error = plainError(thrown);
  const abort = aborted();
  if (abort) return { kind: 'aborted', reason: abort.reason, error };
  if (isSnooze(thrown)) return { kind: 'snoozed', until: thrown.until, why: error.message };
  return { kind: 'failed', error, fatal: isFatal(thrown), ...(!isFatal(thrown) && wait()) };
}

function isSnooze(thrown: unknown): thrown is Snooze {
  return isError(thrown) && thrown instanceof Snooze;
}

/** What the type's own `retry` makes of an error; the type's backoff where there is none, or it is wrong itself. */
function waitAfter(
  thrown: unknown,
  attempt: number,
  retry: unknown,
  { log }: HandlerContext,
): { fatal?: true; retryMs?: number } {
  if (retry === undefined) return {};
  try {
    const answer = (retry as Retry)(isError(thrown) ? (thrown as Error) : new Error(messageOf(thrown)), attempt);
    if (answer === 'fail') return { fatal: true };
    if (answer === 'default') return {};
    if (typeof answer === 'number' && answer >= 0 && Number.isFinite(answer)) return { retryMs: answer };
    throw new TypeError(`${show(answer)} is neither a number of milliseconds nor 'fail' nor 'default'`);
  } catch (error) {
    log.error(`retry: ${messageOf(error)}; the backoff of the type holds`);
    return {};
  }
}

/** A promise that the handler does not await. */
export function outcomeOfRejection({ reason }: { reason: unknown }): WorkerOutcome {
  const error = plainError(reason);
  return {
    kind: 'failed',
    fatal: isFatal(reason),
    error: { ...error, message: `a promise that the handler did not await was rejected: ${error.message}` },
  };
}

/** A payload that its own schema refuses is as hopeless as a FatalError. */
function isFatal(thrown: unknown): boolean {
  if (!isError(thrown)) return false;
  return thrown instanceof FatalError || ['FatalError', 'PayloadError'].includes(plainError(thrown).name);
}
