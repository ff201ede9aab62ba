import type { Db } from 'mongodb';
import type { AnyCatalog } from '../../catalog';
import { FileStore } from '../../database';
import type { Emit } from '../../monitor/events';
import type { LastLines } from '../../queue/model/attempt-log';
import type { Executor, ExecutorCallbacks } from '../../queue/model/executor';
import type { Task } from '../../queue/model/task';
import { withinTask } from '../../queue/model/within-task';
import { processing } from '../../tracing/tracing';
import { outcomeOfFinished } from '../pool/attempt-outcome';
import { AttemptRates } from '../pool/attempt-rates';
import { forward, guardedCallbacks } from '../pool/forward';
import type { PoolQueue } from '../pool/pool-options';
import { tellWait, untilCalled } from '../pool/waiting-at-the-end';
import { Attempt, now } from '../process/attempt';
import { currentAttempt } from '../process/handler-queue';
import { Questions } from '../process/questions';
import { type HandlerRegistry, outcomeOf } from '../process/run-task';
import type { AbortReason, ToRole, ToWorker, WorkerOutcome, WorkerSettings } from '../protocol/messages';
import { type HeldLoop, LoopWatch } from './loop-watch';
import { RoleRoom } from './role-room';
import { type Running, SignalLimits } from './signal-limits';

export interface RoleExecutorOptions {
  catalog: AnyCatalog;
  /** The handlers of the types that run in the role. */
  handlers: HandlerRegistry;
  /** How many tasks of a type that sets no number of its own run at once. Default 0. */
  ofOthers?: number;
  /** Whether a handler may stand at a breakpoint: nothing ends for its time then. */
  inspected?: boolean;
  queue: PoolQueue;
  /** The database of `context.db`, and of its files. */
  db: Db;
  handlerSettings?: object;
  emit: Emit;
  /** How long a handler may take to stop after its signal, before the log says that it still runs. Default 5 s. */
  abortGraceMs?: number;
}

/** The share of the grace period that handlers have to stop after their signal. */
const abortShare = 0.2;
const settings = { appName: 'role', resultLimit: 1_048_576, progressEveryMs: 250 } satisfies WorkerSettings;

/**
 * Runs tasks in the jobs role itself, where handlers have all of Meteor: work that waits rather than computes. Nothing
 * here can be killed. A time-out, a cancel and the end of the role abort the handler's signal; a handler that does not
 * stop keeps its slot and its lease, and the log says that it still runs.
 */
export class RoleExecutor implements Executor {
  private readonly running = new Map<number, Running>();
  private readonly free: RoleRoom;
  private readonly questions: Questions;
  private readonly rates: AttemptRates;
  private readonly files: FileStore;
  private readonly watch: LoopWatch;
  private readonly limits: SignalLimits;
  private events: ExecutorCallbacks | undefined;
  private lastId = 0;
  private stopped: Promise<void> | undefined;
  private onEmpty: (() => void) | undefined;

  constructor(private readonly options: RoleExecutorOptions) {
    const { catalog, handlers, ofOthers = 0, emit, abortGraceMs = 5_000 } = options;
    this.free = new RoleRoom({ catalog, handlers, ofOthers });
    this.limits = new SignalLimits(emit, abortGraceMs);
    this.questions = new Questions(message => this.onMessage(message));
    this.rates = new AttemptRates(options.queue);
    this.files = new FileStore(options.db);
    this.watch = new LoopWatch({
      current: () => currentAttempt.getStore() as Attempt | undefined,
      held: fields => emit('task.heldLoop', fields),
    });
  }

  async start(events: ExecutorCallbacks): Promise<void> {
    this.events = guardedCallbacks(events, this.options.emit);
    process.on('unhandledRejection', this.onRejection);
  }

  room(): number {
    return this.free.count();
  }

  fitting(taskTypes: readonly string[]): number {
    return this.free.fitting(taskTypes);
  }

  takes(taskType: string): boolean {
    return this.free.of(taskType) > 0;
  }

  execute(tasks: Task[]): void {
    for (const task of tasks) this.begin(task);
  }

  cancel(taskId: string): void {
    for (const one of this.running.values()) if (one.task._id === taskId) this.limits.abort(one, 'cancelled');
  }

  stop(graceMs: number, cut?: AbortSignal): Promise<void> {
    this.free.close();
    this.stopped ??= this.drain(graceMs, cut);
    return this.stopped;
  }

  /** The attempts that run now. */
  tasks(): { taskId: string; taskType: string; startedAt: Date; stopping?: AbortReason }[] {
    return [...this.running.values()].map(({ task, attempt, abort }) => ({
      taskId: task._id,
      taskType: task.taskType,
      startedAt: new Date(attempt.startedAt),
      ...(abort && { stopping: abort }),
    }));
  }

  /** The types that have held the event loop of this role: their work belongs in a worker. */
  heldLoop(): HeldLoop[] {
    return this.watch.list();
  }

  /** A rejection that nobody handled fails the task that it came from. Any other ends the process, as ever. */
  private readonly onRejection = (reason: unknown): void => {
    const attempt = currentAttempt.getStore() as Attempt | undefined;
    if (attempt && this.running.get(attempt.id)?.attempt === attempt) attempt.failWith(reason);
    else if (process.listenerCount('unhandledRejection') === 1) throw reason;
  };

  private begin(task: Task): void {
    const { db, handlerSettings = {} } = this.options;
    const id = ++this.lastId;
    const attempt = new Attempt(id, task, 1, {
      settings: { ...settings, handlerSettings },
      questions: this.questions,
      database: { db, files: this.files },
      send: message => this.onMessage(message),
    });
    const one: Running = { attempt, task, worker: this };
    this.running.set(id, one);
    this.free.take(task.taskType);
    if (!this.options.inspected) {
      this.limits.start(one, this.timeoutOf(task));
      this.watch.start();
    }
    this.events?.onStarted(task, process.pid);
    void this.run(one);
  }

  private async run(one: Running): Promise<void> {
    const { attempt, task } = one;
    const { catalog, handlers } = this.options;
    const outcome = await currentAttempt.run(attempt, () =>
      withinTask(task, () =>
        processing(task, () =>
          outcomeOf(attempt, {
            catalog,
            handlers,
            resultLimit: settings.resultLimit,
            context: attempt.context,
            aborted: () => attempt.aborted(),
            call: begin => this.watch.measure(attempt, begin),
          }),
        ),
      ),
    );
    attempt.close();
    clearTimeout(one.timer);
    // The stop has given it up: nobody waits for the report.
    if (this.running.get(attempt.id) !== one) return;
    this.forget(one);
    this.report(one, outcome);
  }

  private report({ task, attempt, log }: Running, ended: WorkerOutcome): void {
    const outcome = outcomeOfFinished(ended, this.timeoutOf(task));
    if (outcome === 'handBack' || outcome === 'requeue')
      this.events?.onReport({ task, outcome: { kind: 'handedBack' } });
    else this.events?.onReport({ task, outcome, ran: this.ranOf(attempt, log) });
    this.events?.wake();
    if (this.running.size === 0) this.onEmpty?.();
  }

  private ranOf({ startedAt }: Attempt, log: LastLines | undefined) {
    const times = { startedAt: new Date(startedAt), finishedAt: new Date(now()) };
    return { ...times, workerPid: process.pid, ...(log && { log: log.log }) };
  }

  private forget({ attempt, task }: Running): void {
    this.running.delete(attempt.id);
    this.rates.ended(attempt.id);
    this.free.release(task.taskType);
    if (this.running.size === 0) this.watch.stop();
  }

  private timeoutOf({ taskType }: Task): number {
    return this.options.catalog[taskType]?.timeout ?? Number.POSITIVE_INFINITY;
  }

  /** The handler's messages take the way of a worker's, without the channel. */
  private onMessage(message: ToRole): void {
    const one = 'attempt' in message ? this.running.get(message.attempt) : undefined;
    if (!one) return;
    switch (message.kind) {
      case 'progress':
      case 'log':
      case 'ask':
      case 'add':
      case 'batch': {
        const { emit, queue } = this.options;
        forward(one, message, { emit, queue, messageBroker: undefined }, this.events);
        break;
      }
      case 'rate':
      case 'rateEnd':
        this.rates.onMessage(message, answer => this.send(answer));
    }
  }

  /** The role's answer to a question of a handler. */
  send(answer: ToWorker): void {
    if (answer.kind === 'answer') this.questions.answer(answer.ask, answer.value);
    else if (answer.kind === 'refusal') this.questions.refuse(answer.ask, answer.error);
  }

  private async drain(graceMs: number, cut: AbortSignal | undefined): Promise<void> {
    tellWait(this.options.emit, this.tasks(), graceMs);
    await this.untilEmpty(graceMs * (1 - abortShare), cut);
    for (const one of this.running.values()) this.limits.abort(one, 'stopping');
    await this.untilEmpty(graceMs * abortShare);
    for (const one of [...this.running.values()]) {
      this.limits.giveUp(one);
      this.forget(one);
    }
    process.off('unhandledRejection', this.onRejection);
  }

  private async untilEmpty(ms: number, cut?: AbortSignal): Promise<void> {
    if (this.running.size === 0) return;
    await untilCalled(ms, cut, done => {
      this.onEmpty = done;
    });
    this.onEmpty = undefined;
  }
}
