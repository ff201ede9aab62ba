import { setTimeout as wait } from 'node:timers/promises';
import { types } from 'node:util';
import { normalForm, resultLimits } from '../../catalog';
import { plainError } from '../../errors/plain-error';
import { timerMs } from '../../timing/timer-ms';
import type { NamedRateLimits } from '../api/named-rates';
import type { Executor, ExecutorCallbacks, Outcome } from '../model/executor';
import type { Progress, Task } from '../model/task';
import { withinTask } from '../model/within-task';

/** What a handler has beside its task when it runs in this very process. */
export interface InProcessContext {
  readonly signal: AbortSignal;
  progress(fraction: number, note?: string): void;
  /** As `context.rate` in a worker. */
  rate(name: string, cost?: number): Promise<void>;
}

/** Runs a task; its value is the result. */
export type InProcessHandler = (task: Task, context: InProcessContext) => unknown;

export interface InProcessOptions {
  /** The code of a task, by its type. */
  handlers: { readonly [taskType: string]: InProcessHandler };
  /** How many run at once. Default: 10. */
  slots?: number;
  /** The longest that an attempt of this type may take, in ms. Default: no end. */
  timeoutOf?: (taskType: string) => number | undefined;
  /** What `context.rate` takes from: `queue.rates`. */
  rates?: Pick<NamedRateLimits, 'take'>;
}

interface Attempt {
  task: Task;
  abort: AbortController;
  /** Why it was aborted. */
  reason?: 'cancelled' | 'timedOut';
  ended: Promise<void>;
}

/**
 * Runs tasks in this process, for tests (`drainQueue`) and for trying a handler out. A handler that computes blocks
 * everything here, and one that crashes takes the process with it: roles use the pool of worker processes.
 */
export class InProcessExecutor implements Executor {
  /** By claim: a task that was lost and claimed again may run here a second time while the first attempt ends. */
  private readonly attempts = new Map<string, Attempt>();
  private readonly slots: number;
  private events: ExecutorCallbacks | undefined;
  private stopped = false;

  constructor(private readonly options: InProcessOptions) {
    this.slots = options.slots ?? 10;
  }

  async start(events: ExecutorCallbacks): Promise<void> {
    this.events = events;
  }

  room(): number {
    return this.stopped ? 0 : this.slots - this.attempts.size;
  }

  fitting(taskTypes: readonly string[]): number {
    return Math.min(taskTypes.length, this.room());
  }

  execute(tasks: Task[]): void {
    for (const task of tasks) this.begin(task);
  }

  cancel(taskId: string): void {
    for (const attempt of this.attempts.values()) if (attempt.task._id === taskId) this.end(attempt, 'cancelled');
  }

  async stop(graceMs: number): Promise<void> {
    this.stopped = true;
    const running = [...this.attempts.values()];
    const late = new AbortController();
    await Promise.race([
      Promise.all(running.map(({ ended }) => ended)),
      wait(timerMs(graceMs), undefined, { signal: late.signal }).catch(() => {}),
    ]);
    late.abort();
    const unfinished = [...this.attempts.values()];
    this.attempts.clear();
    for (const { abort } of unfinished) abort.abort(new Error('the role stops'));
  }

  private begin(task: Task): void {
    const attempt: Attempt = { task, abort: new AbortController(), ended: Promise.resolve() };
    this.attempts.set(keyOf(task), attempt);
    attempt.ended = this.play(attempt);
  }

  private async play(attempt: Attempt): Promise<void> {
    const { task } = attempt;
    const startedAt = new Date();
    const timeout = this.options.timeoutOf?.(task.taskType);
    const timer = timeout === undefined ? undefined : setTimeout(() => this.end(attempt, 'timedOut'), timerMs(timeout));
    this.events?.onStarted(task, process.pid);
    const outcome = await this.outcomeOf(attempt);
    clearTimeout(timer);
    // Handed back at a stop: then nobody waits for the report.
    if (this.attempts.get(keyOf(task)) !== attempt) return;
    this.attempts.delete(keyOf(task));
    const ran = { startedAt, finishedAt: new Date(), workerPid: process.pid };
    this.events?.onReport({ task, outcome, ran });
    this.events?.wake();
  }

  private async outcomeOf(attempt: Attempt): Promise<Outcome> {
    const { task, abort } = attempt;
    try {
      const handler = this.options.handlers[task.taskType];
      if (!handler) throw new Error(`no handler for ${task.taskType} was given to this executor`);
      const progress = (fraction: number, note?: string) => this.tellProgress(task, fraction, note);
      const rate = (name: string, cost?: number) => this.takeRate(abort.signal, name, cost);
      const value = await withinTask(task, async () => handler(task, { signal: abort.signal, progress, rate }));
      return this.aborted(attempt) ?? outcomeOf(value);
    } catch (thrown) {
      const error = plainError(thrown);
      const { until } = (thrown ?? {}) as { until?: number | Date };
      if (error.name === 'Snooze' && until !== undefined)
        return this.aborted(attempt) ?? { kind: 'snoozed', until, why: error.message };
      return this.aborted(attempt) ?? { kind: 'failed', error, fatal: error.name === 'FatalError' };
    }
  }

  private async takeRate(signal: AbortSignal, name: string, cost?: number): Promise<void> {
    const { rates } = this.options;
    if (!rates) throw new Error('context.rate: this executor was given no rates; give it { rates: queue.rates }');
    (await rates.take(name, cost, signal)).begun();
  }

  private aborted({ reason, task }: Attempt): Outcome | undefined {
    if (reason === 'cancelled') return { kind: 'cancelled' };
    const message = `${task.taskType} ran longer than its time-out`;
    return reason && { kind: 'timedOut', error: { name: 'TimeoutError', message } };
  }

  private end(attempt: Attempt, reason: 'cancelled' | 'timedOut'): void {
    if (attempt.reason) return;
    attempt.reason = reason;
    attempt.abort.abort(new Error(reason));
  }

  private tellProgress(task: Task, fraction: number, note: string | undefined): void {
    const progress: Progress = { fraction, at: new Date(), ...(note !== undefined && { note }) };
    this.events?.onProgress(task, progress);
  }
}

/** Of any size: what the database takes is for the database to say. */
const limits = { ...resultLimits, bytes: Number.POSITIVE_INFINITY, isProxy: types.isProxy };

/** As in a worker: the same code would return the same again, so a result that can't be kept is no reason to try again. */
function outcomeOf(result: unknown): Outcome {
  const { value, problems } = normalForm(result, 'result', limits);
  if (problems.length === 0) return { kind: 'done', value };
  return { kind: 'failed', fatal: true, error: { name: 'ResultError', message: problems.join('; ') } };
}

const keyOf = ({ _id, token }: Task) => `${token} ${_id}`;
