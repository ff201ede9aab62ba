import type { Db } from 'mongodb';
import type { AnyCatalog } from '../../catalog';
import { FileStore } from '../../database';
import type { Emit } from '../../monitor/events';
import type { Executor, ExecutorCallbacks } from '../../queue/model/executor';
import type { Task } from '../../queue/model/task';
import { withinTask } from '../../queue/model/within-task';
import { timerMs } from '../../timing/timer-ms';
import { outcomeOfFinished } from '../pool/attempt-outcome';
import { forward, guardedCallbacks } from '../pool/forward';
import type { PoolQueue } from '../pool/pool-options';
import { Attempt, now } from '../process/attempt';
import { currentAttempt } from '../process/handler-queue';
import { Questions } from '../process/questions';
import { type HandlerRegistry, outcomeOfRejection, runTask } from '../process/run-task';
import type { AbortReason, ToRole, ToWorker, WorkerOutcome, WorkerSettings } from '../protocol/messages';
import { type HeldLoop, LoopWatch } from './loop-watch';

export interface RoleExecutorOptions {
  catalog: AnyCatalog;
  /** The handlers of the types with `runsIn: 'role'`. */
  handlers: HandlerRegistry;
  queue: PoolQueue;
  /** What handlers find as `context.db`, and what its files are in. */
  db: Db;
  handlerSettings?: object;
  emit: Emit;
  /** How long a handler may take to stop after its signal, before it is said that it still runs. Default 5 s. */
  abortGraceMs?: number;
}

/** An attempt in this very process. */
interface Running {
  attempt: Attempt;
  task: Task;
  abort?: AbortReason;
  /** First its time-out, then the looks at a handler that does not stop. */
  timer?: NodeJS.Timeout;
}

/** The share of the grace period that is kept for handlers that stop when they are told to. */
const abortShare = 0.2;
const stillRunsEveryMs = 60_000;
const limits = { appName: 'role', resultLimit: 1_048_576, progressEveryMs: 250 } satisfies WorkerSettings;

/**
 * Runs tasks in the jobs role itself, where handlers have all of Meteor: work that waits rather than computes. Nothing
 * here can be killed. A time-out, a cancel and the end of the role abort the handler's signal; a handler that does not
 * stop keeps its slot and its lease, and the log says that it still runs.
 */
export class RoleExecutor implements Executor {
  private readonly running = new Map<number, Running>();
  private readonly handedBack: Task[] = [];
  private readonly perType = new Map<string, number>();
  private readonly questions: Questions;
  private readonly files: FileStore;
  private readonly watch: LoopWatch;
  private readonly graceMs: number;
  private events: ExecutorCallbacks | undefined;
  private lastId = 0;
  private stopped: Promise<Task[]> | undefined;
  private onEmpty: (() => void) | undefined;

  constructor(private readonly options: RoleExecutorOptions) {
    this.graceMs = options.abortGraceMs ?? 5_000;
    this.questions = new Questions(message => this.onMessage(message));
    this.files = new FileStore(options.db);
    this.watch = new LoopWatch({
      current: () => currentAttempt.getStore() as Attempt | undefined,
      held: fields => options.emit('task.heldLoop', fields),
    });
  }

  async start(events: ExecutorCallbacks): Promise<void> {
    this.events = guardedCallbacks(events, this.options.emit);
    process.on('unhandledRejection', this.onRejection);
  }

  room(): number {
    const types = Object.keys(this.options.handlers);
    return types.reduce((sum, taskType) => sum + this.roomFor(taskType), 0);
  }

  fitting(taskTypes: readonly string[]): number {
    const counts = new Map<string, number>();
    const first = taskTypes.findIndex(taskType => {
      const count = (counts.get(taskType) ?? 0) + 1;
      counts.set(taskType, count);
      return count > this.roomFor(taskType);
    });
    return first < 0 ? taskTypes.length : first;
  }

  takes(taskType: string): boolean {
    return this.roomFor(taskType) > 0;
  }

  execute(tasks: Task[]): void {
    for (const task of tasks) this.begin(task);
  }

  cancel(taskId: string): void {
    for (const one of this.running.values()) if (one.task._id === taskId) this.abort(one, 'cancelled');
  }

  stop(graceMs: number): Promise<Task[]> {
    this.stopped ??= this.drain(graceMs);
    return this.stopped;
  }

  /** What runs now. */
  tasks(): { taskId: string; taskType: string; startedAt: Date }[] {
    return [...this.running.values()].map(({ task, attempt }) => ({
      taskId: task._id,
      taskType: task.taskType,
      startedAt: new Date(attempt.startedAt),
    }));
  }

  /** Which types have held the event loop of this role: their work belongs into a worker. */
  heldLoop(): HeldLoop[] {
    return this.watch.list();
  }

  /** A rejection that nobody handled fails the task that it came from. Any other ends the process, as ever. */
  private readonly onRejection = (reason: unknown): void => {
    const attempt = currentAttempt.getStore() as Attempt | undefined;
    if (attempt && this.running.get(attempt.id)?.attempt === attempt) attempt.failWith(reason);
    else if (process.listenerCount('unhandledRejection') === 1) throw reason;
  };

  private roomFor(taskType: string): number {
    if (this.stopped || !Object.hasOwn(this.options.handlers, taskType)) return 0;
    return (this.options.catalog[taskType]?.concurrency ?? 0) - (this.perType.get(taskType) ?? 0);
  }

  private begin(task: Task): void {
    const { db, handlerSettings = {} } = this.options;
    const id = ++this.lastId;
    const attempt = new Attempt(id, task, 1, {
      settings: { ...limits, handlerSettings },
      questions: this.questions,
      database: { db, files: this.files },
      send: message => this.onMessage(message),
    });
    const one: Running = { attempt, task };
    this.running.set(id, one);
    this.perType.set(task.taskType, (this.perType.get(task.taskType) ?? 0) + 1);
    const timeoutMs = this.timeoutOf(task);
    one.timer = setTimeout(() => this.timeOut(one, timeoutMs), timerMs(timeoutMs));
    this.watch.start();
    this.events?.onStarted(task, process.pid);
    void this.run(one);
  }

  private async run(one: Running): Promise<void> {
    const { attempt, task } = one;
    const { catalog, handlers } = this.options;
    const outcome = await currentAttempt.run(attempt, () =>
      withinTask(task, () =>
        runTask(task, {
          catalog,
          handlers,
          resultLimit: limits.resultLimit,
          context: attempt.context,
          aborted: () => attempt.aborted(),
          call: begin => this.watch.measure(attempt, begin),
        }),
      ),
    );
    attempt.close();
    clearTimeout(one.timer);
    // Handed back at a stop: then nobody waits for the report.
    if (this.running.get(attempt.id) !== one) return;
    this.forget(one);
    const { unhandledRejection } = attempt;
    this.report(one, unhandledRejection ? outcomeOfRejection(unhandledRejection) : outcome);
  }

  private report({ task, attempt }: Running, ended: WorkerOutcome): void {
    const outcome = outcomeOfFinished(ended, this.timeoutOf(task));
    if (outcome === 'handBack' || outcome === 'requeue') this.handedBack.push(task);
    else this.events?.onReport({ task, outcome, ran: this.ranOf(attempt) });
    this.events?.wake();
    if (this.running.size === 0) this.onEmpty?.();
  }

  private ranOf({ startedAt }: Attempt) {
    return { startedAt: new Date(startedAt), finishedAt: new Date(now()), workerPid: process.pid };
  }

  private forget({ attempt, task }: Running): void {
    this.running.delete(attempt.id);
    this.perType.set(task.taskType, (this.perType.get(task.taskType) ?? 1) - 1);
    if (this.running.size === 0) this.watch.stop();
  }

  private timeoutOf({ taskType }: Task): number {
    return this.options.catalog[taskType]?.timeout ?? Number.POSITIVE_INFINITY;
  }

  private timeOut(one: Running, timeoutMs: number): void {
    const { _id: taskId, taskType } = one.task;
    this.options.emit('worker.timeout', { taskType, taskId, timeoutMs });
    this.abort(one, 'timedOut');
  }

  /** The first reason counts. */
  private abort(one: Running, reason: AbortReason): void {
    if (one.abort) return;
    one.abort = reason;
    one.attempt.abort(reason);
    clearTimeout(one.timer);
    one.timer = setTimeout(() => this.stillRuns(one), this.graceMs);
  }

  /** A handler can't be killed without its role: all that can be done is to say so, as long as it runs. */
  private stillRuns(one: Running): void {
    const { task, attempt, abort: reason } = one;
    const forMs = Math.round(now() - attempt.startedAt);
    this.options.emit('task.stillRuns', { taskType: task.taskType, taskId: task._id, reason, forMs });
    one.timer = setTimeout(() => this.stillRuns(one), stillRunsEveryMs);
    one.timer.unref();
  }

  /** What the handler sends goes the way of a worker's messages, without the channel. */
  private onMessage(message: ToRole): void {
    const one = 'attempt' in message ? this.running.get(message.attempt) : undefined;
    if (!one) return;
    switch (message.kind) {
      case 'progress':
      case 'log':
      case 'ask':
      case 'add': {
        const { emit, queue } = this.options;
        forward({ task: one.task, worker: this }, message, { emit, queue, messageBroker: undefined }, this.events);
      }
    }
  }

  /** The role's answer to a question of a handler. */
  send(answer: ToWorker): void {
    if (answer.kind === 'answer') this.questions.answer(answer.ask, answer.value);
    else if (answer.kind === 'refusal') this.questions.refuse(answer.ask, answer.error);
  }

  private async drain(graceMs: number): Promise<Task[]> {
    await this.untilEmpty(graceMs * (1 - abortShare));
    for (const one of this.running.values()) this.abort(one, 'stopping');
    await this.untilEmpty(graceMs * abortShare);
    for (const one of [...this.running.values()]) {
      clearTimeout(one.timer);
      this.stillRuns(one);
      clearTimeout(one.timer);
      this.forget(one);
      this.handedBack.push(one.task);
    }
    process.off('unhandledRejection', this.onRejection);
    return this.handedBack;
  }

  private async untilEmpty(ms: number): Promise<void> {
    if (this.running.size === 0) return;
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, timerMs(ms));
      this.onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
