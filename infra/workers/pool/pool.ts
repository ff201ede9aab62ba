import type { AnyCatalog } from '../../catalog';
import type { Executor, ExecutorCallbacks, Outcome } from '../../queue/model/executor';
import type { Task } from '../../queue/model/task';
import { timerMs } from '../../timing/timer-ms';
import type { RunOutcome, ToRole, ToWorker } from '../protocol/protocol';
import { withOverrides } from '../protocol/task-type-overrides';
import { weightOf } from '../protocol/weight';
import { Crew, type CrewListener } from './crew';
import { Estimates } from './estimates';
import { FailureStreaks } from './failure-streaks';
import { guardedEvents } from './guarded-events';
import { type PoolOptions, type ResolvedPoolOptions, resolvePoolOptions } from './pool-options';
import type { PoolRun } from './pool-run';
import { type PoolSnapshot, snapshotOf } from './pool-snapshot';
import { Room } from './room';
import { RunClock } from './run-clock';
import { RunLedger } from './run-ledger';
import { passOn } from './run-messages';
import { type Fate, fateOfFinished, fateOfLost, unsendableError } from './run-outcome';
import { Staff } from './staff';
import { release, WaitingLine } from './waiting-line';
import type { WorkerExit, WorkerProcess } from './worker-process';

/** The share of the grace period that is kept for handlers that stop when they are told to. */
const abortShare = 0.2;

/** Runs claimed tasks in worker processes. */
export class Pool implements Executor, CrewListener {
  private readonly options: ResolvedPoolOptions;
  private readonly catalog: AnyCatalog;
  private readonly crew: Crew;
  private readonly staff: Staff;
  private readonly clock: RunClock;
  private readonly estimates = new Estimates();
  private readonly line = new WaitingLine(this.estimates);
  private readonly ledger = new RunLedger();
  private readonly streaks = new FailureStreaks();
  private readonly free: Room;
  private events: ExecutorCallbacks | undefined;
  private stopped: Promise<Task[]> | undefined;

  /** @throws RangeError that names each option that is out of its range. */
  constructor(options: PoolOptions) {
    this.options = resolvePoolOptions(options);
    this.catalog = withOverrides(this.options.catalog as AnyCatalog, this.options.types);
    this.crew = new Crew(this.options, this);
    this.staff = new Staff(this.options, this.crew);
    this.clock = new RunClock(this.options, this.crew);
    this.free = new Room(this.options, this.crew, this.line, this.estimates);
  }

  /**
   * Starts a first worker to see that the file is good, and all of them where they are kept alive.
   *
   * @throws where that worker can't start, or was built from another catalog.
   */
  async start(events: ExecutorCallbacks): Promise<void> {
    this.events = guardedEvents(events, this.options.emit);
    try {
      await this.crew.proveFile();
    } catch (error) {
      await this.crew.close();
      throw error;
    }
    this.staff.start();
    this.free.open(() => this.events?.wake());
  }

  room(): number {
    return this.free.count();
  }

  fitting(taskTypes: readonly string[]): number {
    return this.free.fitting(taskTypes);
  }

  run(tasks: Task[]): void {
    this.staff.worked();
    for (const task of tasks) this.line.join(this.accept(task));
    this.place();
  }

  cancel(taskId: string): void {
    for (const run of this.ledger.ofTask(taskId)) this.cancelRun(run);
  }

  stop(graceMs: number): Promise<Task[]> {
    this.stopped ??= this.drain(graceMs);
    return this.stopped;
  }

  /** What the pool looks like now, for the monitor and the link. */
  snapshot(): PoolSnapshot {
    return snapshotOf(this.options.maxWorkers, this.line.size, this.crew.workers);
  }

  onReady(): void {
    this.staff.fill(this.line.size);
    this.place();
    this.free.signal();
  }

  onRetry(): void {
    this.staff.fill(this.line.size);
    this.place();
  }

  onMessage(worker: WorkerProcess, message: ToRole): void {
    if (message.kind === 'givenBack') for (const number of message.runs) this.resolve(this.ledger.get(number), 'again');
    if (message.kind === 'givenBack') this.place();
    const run = 'run' in message ? this.ledger.get(message.run) : undefined;
    if (run?.worker === worker) this.hear(worker, run, message);
  }

  onUnsendable(worker: WorkerProcess, message: ToWorker, thrown: unknown): void {
    const error = unsendableError(message, thrown);
    if (message.kind === 'answer') worker.send({ kind: 'refusal', ask: message.ask, error });
    if (message.kind !== 'run') return;
    // Not now: this comes in the middle of giving out tasks.
    setImmediate(() => {
      this.resolve(this.ledger.get(message.run), { kind: 'failed', fatal: true, error });
      this.place();
      this.free.signal();
    });
  }

  onExit(worker: WorkerProcess, exit: WorkerExit): void {
    const runs = [...worker.runs.values()];
    worker.runs.clear();
    for (const run of runs) if (run.startedAt === undefined) run.lost += 1;
    for (const run of runs.reverse()) this.resolve(run, fateOfLost(run, worker, exit, this.options.abortGraceMs));
    if (this.stopped) return;
    this.staff.fill(this.line.size);
    this.place();
    this.free.signal();
  }

  private hear(worker: WorkerProcess, run: PoolRun, message: ToRole): void {
    switch (message.kind) {
      case 'started':
        run.startedAt = message.at;
        this.clock.start(run);
        this.events?.onStarted(run.task, worker.pid);
        break;
      case 'finished':
        this.finish(worker, run, message);
        break;
      case 'progress':
      case 'log':
      case 'ask':
      case 'add':
        passOn(run, message, this.options, this.events);
    }
  }

  private accept(task: Task): PoolRun {
    const { taskType } = task;
    return this.ledger.open(
      task,
      weightOf(this.catalog, taskType),
      this.catalog[taskType]?.timeout ?? timerMs(Number.POSITIVE_INFINITY),
    );
  }

  private place(): void {
    if (!this.stopped) this.line.place(this.crew.workers);
    if (this.line.size > 0) this.staff.fill(this.line.size);
  }

  private finish(worker: WorkerProcess, run: PoolRun, { outcome, startedAt, finishedAt }: Finished): void {
    worker.finished += 1;
    if (run.startedAt !== undefined) this.estimates.learn(run.task.taskType, finishedAt - startedAt);
    this.resolve(run, fateOfFinished(outcome, run.timeoutMs), startedAt, finishedAt);
    this.judge(worker, run.task.taskType, outcome);
    this.staff.recycleIfDue(worker);
    this.staff.worked();
    this.place();
    this.free.signal();
  }

  /** A failure that is final, such as a payload's that is refused, says nothing of the worker. */
  private judge(worker: WorkerProcess, taskType: string, outcome: RunOutcome): void {
    if (outcome.kind === 'done') this.streaks.succeeded(worker, taskType);
    if (outcome.kind !== 'failed' || outcome.fatal) return;
    const why = this.streaks.failed(worker, taskType);
    if (why) this.crew.taint(worker, why);
  }

  /** The end of a run in its worker, whatever comes after it. */
  private resolve(run: PoolRun | undefined, fate: Fate, startedAt?: number, finishedAt = Date.now()): void {
    if (!run || !this.ledger.has(run)) return;
    clearTimeout(run.timer);
    release(run);
    if (fate === 'again' && !this.stopped) this.line.comeBack(run);
    else if (fate === 'handBack' || fate === 'again') this.ledger.handBack(run);
    else {
      this.ledger.close(run);
      this.report(run, fate, startedAt ?? run.startedAt ?? finishedAt, finishedAt);
    }
  }

  private report({ task, worker }: PoolRun, outcome: Outcome, startedAt: number, finishedAt: number): void {
    this.events?.onReport({
      task,
      outcome,
      startedAt: new Date(startedAt),
      finishedAt: new Date(finishedAt),
      ...(worker && { workerPid: worker.pid }),
    });
  }

  private cancelRun(run: PoolRun): void {
    if (run.worker) this.clock.abort(run, 'cancelled');
    else {
      this.line.leave(run);
      this.resolve(run, { kind: 'cancelled' });
    }
  }

  private async drain(graceMs: number): Promise<Task[]> {
    this.free.close();
    this.staff.stop();
    for (const run of this.line.dissolve()) this.resolve(run, 'handBack');
    for (const worker of this.crew.workers) {
      worker.send({ kind: 'giveBack' });
      worker.flush();
    }
    await this.ledger.untilEmpty(graceMs * (1 - abortShare));
    for (const run of this.ledger.all()) this.clock.abort(run, 'stopping');
    await this.ledger.untilEmpty(graceMs * abortShare);
    this.cutOff();
    await this.crew.close();
    return this.ledger.handedBack;
  }

  private cutOff(): void {
    for (const run of this.ledger.all()) run.abort ??= 'stopping';
    for (const worker of this.crew.workers)
      if (worker.runs.size > 0) this.crew.kill(worker, 'the role ends, and its grace period is over');
  }
}

type Finished = Extract<ToRole, { kind: 'finished' }>;
