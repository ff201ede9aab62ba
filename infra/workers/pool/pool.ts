import type { AnyCatalog } from '../../catalog';
import type { Executor, ExecutorCallbacks, Outcome } from '../../queue/model/executor';
import type { Task } from '../../queue/model/task';
import { timerMs } from '../../timing/timer-ms';
import { traceLost } from '../../tracing/tracing';
import type { ToRole, ToWorker } from '../protocol/messages';
import { weightOf, withOverrides } from '../protocol/task-types';
import { outcomeOfFinished, outcomeOfLost, reportOf, type Unfinished, unsendableError } from './attempt-outcome';
import { AttemptRates } from './attempt-rates';
import { type Attempt, AttemptRegistry, TimeLimits } from './attempt-registry';
import { Capacity } from './capacity';
import { Estimates } from './estimates';
import { forward, guardedCallbacks } from './forward';
import { PendingAttempts, release } from './pending-attempts';
import { type PoolOptions, type ResolvedPoolOptions, resolvePoolOptions } from './pool-options';
import { type PoolSnapshot, snapshotOf } from './pool-snapshot';
import { Scaler } from './scaler';
import { tellWait } from './waiting-at-the-end';
import type { WorkerExit, WorkerProcess } from './worker-process';
import { WorkerSet, type WorkerSetListener } from './worker-set';

/** The share of the grace period that handlers have to stop after their signal. */
const abortShare = 0.2;

/** Runs claimed tasks in worker processes. */
export class Pool implements Executor, WorkerSetListener {
  private readonly options: ResolvedPoolOptions;
  private readonly catalog: AnyCatalog;
  private readonly workers: WorkerSet;
  private readonly scaler: Scaler;
  private readonly timeLimits: TimeLimits;
  private readonly estimates = new Estimates();
  private readonly pending = new PendingAttempts(this.estimates);
  private readonly attempts = new AttemptRegistry();
  private readonly capacity: Capacity;
  private readonly rates: AttemptRates;
  private events: ExecutorCallbacks | undefined;
  private stopped: Promise<void> | undefined;

  /** @throws RangeError that names each option outside of its range. */
  constructor(options: PoolOptions) {
    this.options = resolvePoolOptions(options);
    this.catalog = withOverrides(this.options.catalog as AnyCatalog, this.options.types);
    this.workers = new WorkerSet(this.options, this);
    this.scaler = new Scaler(this.options, this.workers);
    this.timeLimits = new TimeLimits(this.options, this.workers);
    this.rates = new AttemptRates(this.options.queue);
    this.capacity = new Capacity(this.options, this.workers, this.pending, this.estimates);
  }

  /**
   * Starts a first worker to check the file, and all of them if they are kept alive.
   *
   * @throws if that worker can't start, or was built from another catalog.
   */
  async start(events: ExecutorCallbacks): Promise<void> {
    this.events = guardedCallbacks(events, this.options.emit);
    try {
      await this.workers.startFirst();
    } catch (error) {
      await this.workers.close();
      throw error;
    }
    this.scaler.start();
    this.capacity.open(() => this.events?.wake());
  }

  room(): number {
    return this.capacity.count();
  }

  fitting(taskTypes: readonly string[]): number {
    return this.capacity.fitting(taskTypes);
  }

  execute(tasks: Task[]): void {
    this.scaler.touch();
    for (const task of tasks) this.pending.add(this.accept(task));
    this.assign();
  }

  cancel(taskId: string): void {
    for (const attempt of this.attempts.ofTask(taskId)) this.cancelAttempt(attempt);
  }

  stop(graceMs: number, cut?: AbortSignal): Promise<void> {
    this.stopped ??= this.drain(graceMs, cut);
    return this.stopped;
  }

  /** Replaces a worker: what it runs ends in it, what has not begun goes to others. @returns whether there is such a one. */
  recycle(pid: number): boolean {
    const worker = [...this.workers.all].find(one => one.pid === pid && one.state === 'ready');
    if (!worker || this.stopped) return false;
    this.workers.taint(worker, 'an operator asked for it');
    this.scaler.stopIfDone(worker);
    return true;
  }

  /** What the pool looks like now, for the monitor and the link. */
  snapshot(): PoolSnapshot {
    return snapshotOf(this.options.maxWorkers, this.pending.size, this.workers);
  }

  onReady(): void {
    this.scaler.fill(this.pending.size);
    this.assign();
    this.capacity.signal();
  }

  onRetry(): void {
    this.scaler.fill(this.pending.size);
    this.assign();
  }

  onMessage(worker: WorkerProcess, message: ToRole): void {
    if (message.kind === 'givenBack') {
      this.takeBack(message.attempts);
      this.scaler.stopIfDone(worker);
    }
    const attempt = 'attempt' in message ? this.attempts.get(message.attempt) : undefined;
    if (attempt?.worker === worker) this.onAttemptMessage(worker, attempt, message);
  }

  onUnsendable(worker: WorkerProcess, message: ToWorker, thrown: unknown): void {
    const error = unsendableError(message, thrown);
    if (message.kind === 'answer') worker.send({ kind: 'refusal', ask: message.ask, error });
    if (message.kind !== 'run') return;
    // Not now: the pool is in the middle of giving out tasks.
    setImmediate(() => {
      this.resolve(this.attempts.get(message.attempt), { kind: 'failed', fatal: true, error });
      this.assign();
      this.capacity.signal();
    });
  }

  onExit(worker: WorkerProcess, exit: WorkerExit): void {
    const attempts = [...worker.attempts.values()];
    worker.attempts.clear();
    for (const attempt of attempts) if (attempt.startedAt === undefined) attempt.lost += 1;
    for (const attempt of attempts.reverse()) {
      const outcome = outcomeOfLost(attempt, worker, exit, this.options.abortGraceMs);
      if (typeof outcome === 'object') traceLost(attempt.task, outcome, attempt.startedAt);
      this.resolve(attempt, outcome);
    }
    if (this.stopped) return;
    this.scaler.fill(this.pending.size);
    this.assign();
    this.capacity.signal();
  }

  /** The worker has not begun these attempts, and never will. A cancel that it heard too late counts all the same. */
  private takeBack(ids: number[]): void {
    for (const id of ids) {
      const attempt = this.attempts.get(id);
      this.resolve(attempt, attempt?.abort === 'cancelled' ? { kind: 'cancelled' } : 'requeue');
    }
    this.assign();
  }

  private onAttemptMessage(worker: WorkerProcess, attempt: Attempt, message: ToRole): void {
    switch (message.kind) {
      case 'started':
        attempt.startedAt = message.at;
        this.timeLimits.start(attempt);
        this.events?.onStarted(attempt.task, worker.pid);
        break;
      case 'finished':
        this.finish(worker, attempt, message);
        break;
      case 'progress':
      case 'log':
      case 'ask':
      case 'add':
      case 'batch':
        forward(attempt, message, this.options, this.events);
        break;
      case 'rate':
      case 'rateEnd':
        this.rates.onMessage(message, answer => worker.send(answer));
    }
  }

  private accept(task: Task): Attempt {
    const { taskType } = task;
    return this.attempts.open(
      task,
      weightOf(this.catalog, taskType),
      this.catalog[taskType]?.timeout ?? timerMs(Number.POSITIVE_INFINITY),
    );
  }

  private assign(): void {
    if (!this.stopped) this.pending.assign(this.workers.all);
    if (this.pending.size > 0) this.scaler.fill(this.pending.size);
    if (this.workers.startsFail) this.handBackPending();
  }

  /** Nobody knows how long what has no room would wait for a worker that starts: another role may have one. */
  private handBackPending(): void {
    const attempts = this.pending.clear(this.capacity.ofPending());
    if (attempts.length === 0) return;
    this.options.emit('worker.handsBack', { count: attempts.length });
    for (const attempt of attempts) this.handBack(attempt);
  }

  /** At once: another role must not have to wait for what still runs here. */
  private handBack(attempt: Attempt): void {
    this.attempts.close(attempt);
    this.events?.onReport({ task: attempt.task, outcome: { kind: 'handedBack' } });
  }

  private finish(worker: WorkerProcess, attempt: Attempt, { outcome, startedAt, finishedAt, output }: Finished): void {
    worker.finished += 1;
    attempt.pipe = undefined;
    attempt.output = output;
    const { taskType } = attempt.task;
    if (attempt.startedAt !== undefined) this.estimates.learn(taskType, finishedAt - startedAt);
    this.resolve(attempt, outcomeOfFinished(outcome, attempt.timeoutMs), startedAt, finishedAt);
    this.scaler.onFinished(worker, taskType, outcome);
    this.assign();
    this.capacity.signal();
  }

  /** The end of an attempt in its worker, whatever comes after it. */
  private resolve(
    attempt: Attempt | undefined,
    outcome: Outcome | Unfinished,
    startedAt?: number,
    finishedAt = Date.now(),
  ): void {
    if (!attempt || !this.attempts.has(attempt)) return;
    clearTimeout(attempt.timer);
    this.rates.ended(attempt.id);
    release(attempt);
    if (outcome === 'requeue' && !this.stopped) this.pending.requeue(attempt);
    else if (outcome === 'handBack' || outcome === 'requeue') this.handBack(attempt);
    else {
      this.attempts.close(attempt);
      this.events?.onReport(reportOf(attempt, outcome, startedAt ?? attempt.startedAt ?? finishedAt, finishedAt));
    }
  }

  private cancelAttempt(attempt: Attempt): void {
    if (attempt.worker) this.timeLimits.abort(attempt, 'cancelled');
    else {
      this.pending.remove(attempt);
      this.resolve(attempt, { kind: 'cancelled' });
    }
  }

  private async drain(graceMs: number, cut: AbortSignal | undefined): Promise<void> {
    const until = performance.now() + graceMs;
    this.capacity.close();
    this.scaler.stop();
    for (const attempt of this.pending.clear()) this.resolve(attempt, 'handBack');
    for (const worker of this.workers.all) {
      worker.send({ kind: 'giveBack' });
      worker.flush();
    }
    const begun = this.attempts.all().filter(({ startedAt }) => startedAt !== undefined);
    tellWait(
      this.options.emit,
      begun.map(({ task }) => task),
      graceMs,
    ); // the others come back at once
    await this.attempts.untilEmpty(graceMs * (1 - abortShare), cut);
    for (const attempt of this.attempts.all()) this.timeLimits.abort(attempt, 'stopping');
    await this.attempts.untilEmpty(graceMs * abortShare);
    this.cutOff();
    await this.workers.close(until - performance.now());
  }

  private cutOff(): void {
    for (const attempt of this.attempts.all()) attempt.abort ??= 'stopping';
    for (const worker of this.workers.all)
      if (worker.attempts.size > 0) this.workers.kill(worker, 'the role ends, and its grace period is over');
  }
}

type Finished = Extract<ToRole, { kind: 'finished' }>;
