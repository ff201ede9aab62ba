import { setTimeout as wait } from 'node:timers/promises';
import { types } from 'node:util';
import { normalForm, resultLimits } from '../../catalog';
import { plainError } from '../../errors/plain-error';
import { timerMs } from '../../timing/timer-ms';
import type { Executor, ExecutorCallbacks, Outcome } from '../model/executor';
import type { Progress, Task } from '../model/task';
import { withinTask } from '../model/within-task';

/** What a handler has beside its task when it runs in this very process. */
export interface InProcessContext {
  readonly signal: AbortSignal;
  progress(fraction: number, note?: string): void;
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
}

interface Run {
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
  /** By claim: a task that was lost and claimed again may run here a second time while the first run ends. */
  private readonly runs = new Map<string, Run>();
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
    return this.stopped ? 0 : this.slots - this.runs.size;
  }

  fitting(taskTypes: readonly string[]): number {
    return Math.min(taskTypes.length, this.room());
  }

  run(tasks: Task[]): void {
    for (const task of tasks) this.begin(task);
  }

  cancel(taskId: string): void {
    for (const run of this.runs.values()) if (run.task._id === taskId) this.end(run, 'cancelled');
  }

  async stop(graceMs: number): Promise<Task[]> {
    this.stopped = true;
    const running = [...this.runs.values()];
    const late = new AbortController();
    await Promise.race([
      Promise.all(running.map(({ ended }) => ended)),
      wait(timerMs(graceMs), undefined, { signal: late.signal }).catch(() => {}),
    ]);
    late.abort();
    const unfinished = [...this.runs.values()];
    this.runs.clear();
    for (const { abort } of unfinished) abort.abort(new Error('the role stops'));
    return unfinished.map(({ task }) => task);
  }

  private begin(task: Task): void {
    const run: Run = { task, abort: new AbortController(), ended: Promise.resolve() };
    this.runs.set(keyOf(task), run);
    run.ended = this.execute(run);
  }

  private async execute(run: Run): Promise<void> {
    const { task } = run;
    const startedAt = new Date();
    const timeout = this.options.timeoutOf?.(task.taskType);
    const timer = timeout === undefined ? undefined : setTimeout(() => this.end(run, 'timedOut'), timerMs(timeout));
    this.events?.onStarted(task, process.pid);
    const outcome = await this.outcomeOf(run);
    clearTimeout(timer);
    // Handed back at a stop: then nobody waits for the report.
    if (this.runs.get(keyOf(task)) !== run) return;
    this.runs.delete(keyOf(task));
    this.events?.onReport({ task, outcome, startedAt, finishedAt: new Date(), workerPid: process.pid });
    this.events?.wake();
  }

  private async outcomeOf(run: Run): Promise<Outcome> {
    const { task, abort } = run;
    try {
      const handler = this.options.handlers[task.taskType];
      if (!handler) throw new Error(`no handler for ${task.taskType} was given to this executor`);
      const progress = (fraction: number, note?: string) => this.tellProgress(task, fraction, note);
      const value = await withinTask(task, async () => handler(task, { signal: abort.signal, progress }));
      return this.aborted(run) ?? outcomeOf(value);
    } catch (thrown) {
      const error = plainError(thrown);
      return this.aborted(run) ?? { kind: 'failed', error, fatal: error.name === 'FatalError' };
    }
  }

  private aborted({ reason, task }: Run): Outcome | undefined {
    if (reason === 'cancelled') return { kind: 'cancelled' };
    const message = `${task.taskType} ran longer than its time-out`;
    return reason && { kind: 'timedOut', error: { name: 'TimeoutError', message } };
  }

  private end(run: Run, reason: 'cancelled' | 'timedOut'): void {
    if (run.reason) return;
    run.reason = reason;
    run.abort.abort(new Error(reason));
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
