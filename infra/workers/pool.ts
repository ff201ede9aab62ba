import type { AnyCatalog } from '../catalog';
import type { Executor, ExecutorEvents, Outcome } from '../queue/executor';
import type { Task } from '../queue/task';
import { Crew, type CrewListener } from './crew';
import { Estimates } from './estimates';
import { freeSlots } from './free-slots';
import { KeepAlive } from './keep-alive';
import { choosePlace } from './placement';
import { type PoolOptions, type ResolvedPoolOptions, resolvePoolOptions } from './pool-options';
import type { PoolRun } from './pool-run';
import { type PoolSnapshot, snapshotOf } from './pool-snapshot';
import type { ToRole } from './protocol';
import { longestTimerMs, RunClock } from './run-clock';
import { passOn } from './run-messages';
import { type Fate, fateOfFinished, fateOfLost } from './run-outcome';
import { hangs } from './silence';
import { withOverrides } from './task-type-overrides';
import { weightOf } from './weight';
import type { WorkerExit, WorkerProcess } from './worker-process';

/** The work that may wait in the pool, so that workers are never short of it while the next claim is under way. */
const prefetchMs = 50;
/** How often the pool looks at workers that say nothing or grow old. */
const lookEveryMs = 1_000;
/** Tasks that usually take less are reported several at once. */
const quickMs = 2;
/** The share of the grace period that is kept for handlers that stop when they are told to. */
const abortShare = 0.2;

/** Runs claimed tasks in worker processes. */
export class Pool implements Executor, CrewListener {
  private readonly options: ResolvedPoolOptions;
  private readonly catalog: AnyCatalog;
  private readonly crew: Crew;
  private readonly keepAlive: KeepAlive;
  private readonly clock: RunClock;
  private readonly estimates = new Estimates();
  /** Runs without a worker, next first. */
  private waiting: PoolRun[] = [];
  /** All that has been taken and not reported, by the pool's number. */
  private readonly runs = new Map<number, PoolRun>();
  private lastRun = 0;
  private events: ExecutorEvents | undefined;
  private lookTimer: NodeJS.Timeout | undefined;
  private roomSignalled = false;
  private stopped: Promise<Task[]> | undefined;
  private readonly handedBack: Task[] = [];
  private onEmpty: (() => void) | undefined;

  /** @throws RangeError that names each option that is out of its range. */
  constructor(options: PoolOptions) {
    this.options = resolvePoolOptions(options);
    this.catalog = withOverrides(this.options.catalog as AnyCatalog, this.options.types);
    this.crew = new Crew(this.options, this);
    this.keepAlive = new KeepAlive(this.options, this.crew);
    this.clock = new RunClock(this.options, this.crew);
  }

  /**
   * Starts a first worker to see that the file is good, and all of them where they are kept alive.
   *
   * @throws where that worker can't start, or was built from another catalogue.
   */
  async start(events: ExecutorEvents): Promise<void> {
    this.events = events;
    try {
      await this.crew.proveFile();
    } catch (error) {
      await this.crew.close();
      throw error;
    }
    this.lookTimer = setInterval(() => this.look(), lookEveryMs).unref();
    this.fill();
    this.keepAlive.touch();
    this.signalRoom();
  }

  room(): number {
    if (!this.events || this.stopped) return 0;
    const free = freeSlots(this.crew.workers, this.options.maxWorkers - this.crew.count());
    return Math.max(0, free + this.prefetch() - this.waiting.length);
  }

  run(tasks: Task[]): void {
    this.keepAlive.touch();
    for (const task of tasks) this.waiting.push(this.accept(task));
    this.place();
  }

  cancel(taskId: string): void {
    for (const run of this.runs.values()) if (run.task._id === taskId) this.cancelRun(run);
  }

  stop(graceMs: number): Promise<Task[]> {
    this.stopped ??= this.drain(graceMs);
    return this.stopped;
  }

  /** What the pool looks like now, for the monitor and the link. */
  snapshot(): PoolSnapshot {
    return snapshotOf(this.options.maxWorkers, this.waiting.length, this.crew.workers);
  }

  onReady(): void {
    this.fill();
    this.place();
    this.signalRoom();
  }

  onRetry(): void {
    this.fill();
    this.place();
  }

  onMessage(worker: WorkerProcess, message: ToRole): void {
    if (message.kind === 'givenBack')
      for (const number of message.runs) this.resolve(this.runs.get(number), 'handBack');
    const run = 'run' in message ? this.runs.get(message.run) : undefined;
    if (run?.worker === worker) this.hear(worker, run, message);
  }

  onExit(worker: WorkerProcess, exit: WorkerExit): void {
    const runs = [...worker.runs.values()];
    worker.runs.clear();
    for (const run of runs.reverse()) this.resolve(run, fateOfLost(run, worker, exit, this.options.abortGraceMs));
    if (this.stopped) return;
    this.fill();
    this.place();
    this.signalRoom();
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
    this.lastRun += 1;
    const run: PoolRun = {
      run: this.lastRun,
      task,
      weight: weightOf(this.catalog, task.taskType),
      timeoutMs: this.catalog[task.taskType]?.timeout ?? longestTimerMs,
      expectedMs: 0,
      lost: 0,
    };
    this.runs.set(run.run, run);
    return run;
  }

  /** Gives waiting runs to workers, in their order, as long as there is a place for the first of them. */
  private place(): void {
    let placed = 0;
    for (const run of this.waiting) {
      const expectedMs = this.estimates.of(run.task.taskType);
      const worker = this.stopped ? undefined : choosePlace(this.crew.workers, run.weight, expectedMs);
      if (!worker) break;
      this.give(worker, run, expectedMs);
      placed += 1;
    }
    if (placed > 0) this.waiting.splice(0, placed);
    for (const worker of placed > 0 ? this.crew.workers : []) worker.flush();
    if (this.waiting.length > 0) this.fill();
  }

  private give(worker: WorkerProcess, run: PoolRun, expectedMs: number): void {
    run.worker = worker;
    run.expectedMs = Number.isFinite(expectedMs) ? expectedMs : longestTimerMs;
    if (worker.runs.size === 0) worker.givenAt = Date.now();
    worker.runs.set(run.run, run);
    worker.load += run.weight;
    worker.backlogMs += run.expectedMs;
    // Whose worker died before it was known to have begun is watched closely from now on.
    worker.send({ kind: 'run', run: run.run, task: run.task, quick: expectedMs < quickMs && run.lost === 0 });
  }

  private finish(worker: WorkerProcess, run: PoolRun, { outcome, startedAt, finishedAt }: Finished): void {
    worker.finished += 1;
    if (run.startedAt !== undefined) this.estimates.learn(run.task.taskType, finishedAt - startedAt);
    this.resolve(run, fateOfFinished(outcome, run.timeoutMs), startedAt, finishedAt);
    this.recycleIfDue(worker);
    this.keepAlive.touch();
    this.place();
    this.signalRoom();
  }

  /** The end of a run in its worker, whatever comes after it. */
  private resolve(run: PoolRun | undefined, fate: Fate, startedAt?: number, finishedAt = Date.now()): void {
    if (!run || !this.runs.has(run.run)) return;
    clearTimeout(run.timer);
    if (run.worker) this.release(run.worker, run);
    if (fate === 'again' && !this.stopped) {
      this.waitAgain(run);
      return;
    }
    this.runs.delete(run.run);
    if (fate === 'handBack' || fate === 'again') this.handedBack.push(run.task);
    else this.report(run, fate, startedAt ?? run.startedAt ?? finishedAt, finishedAt);
    if (this.runs.size === 0) this.onEmpty?.();
  }

  private release(worker: WorkerProcess, run: PoolRun): void {
    worker.runs.delete(run.run);
    const empty = worker.runs.size === 0;
    worker.load = empty ? 0 : worker.load - run.weight;
    worker.backlogMs = empty ? 0 : worker.backlogMs - run.expectedMs;
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

  private waitAgain(run: PoolRun): void {
    run.lost += 1;
    run.worker = undefined;
    this.waiting.unshift(run);
  }

  private cancelRun(run: PoolRun): void {
    if (run.worker) this.clock.abort(run, 'cancelled');
    else {
      this.waiting = this.waiting.filter(other => other !== run);
      this.resolve(run, { kind: 'cancelled' });
    }
  }

  private prefetch(): number {
    return this.estimates.doneWithin(prefetchMs, this.options.maxWorkers, this.options.prefetch);
  }

  /** Once a tick, and only when it is worth a claim: many small claims cost more than a few larger ones. */
  private signalRoom(): void {
    if (this.roomSignalled || this.stopped || this.waiting.length > this.prefetch() / 2) return;
    this.roomSignalled = true;
    setImmediate(() => {
      this.roomSignalled = false;
      if (this.room() > 0) this.events?.onRoom();
    });
  }

  /** As many workers as there is work for, or as are to be kept. */
  private fill(): void {
    if (this.stopped) return;
    const { keepAlive, maxWorkers, minWorkers } = this.options;
    const starting = [...this.crew.workers].filter(({ state }) => state === 'starting').length;
    const wanted = this.crew.count() + Math.max(0, this.waiting.length - starting);
    this.crew.fill(keepAlive === 'always' ? maxWorkers : Math.max(minWorkers, wanted));
  }

  private look(): void {
    for (const worker of this.crew.workers) {
      if (worker.runs.size === 0 && worker.state === 'ready') this.recycleIfDue(worker);
      else if (hangs(worker, this.options.abortGraceMs, Date.now()))
        this.crew.kill(worker, 'it said nothing of its tasks for too long');
    }
  }

  private recycleIfDue(worker: WorkerProcess): void {
    this.crew.recycleIfDue(worker);
    if (worker.state === 'leaving' && worker.runs.size === 0 && !this.stopped) this.crew.letGo(worker);
  }

  private async drain(graceMs: number): Promise<Task[]> {
    this.keepAlive.stop();
    clearInterval(this.lookTimer);
    for (const run of this.waiting.splice(0)) this.resolve(run, 'handBack');
    for (const worker of this.crew.workers) {
      worker.send({ kind: 'giveBack' });
      worker.flush();
    }
    await this.untilEmpty(graceMs * (1 - abortShare));
    for (const run of this.runs.values()) this.clock.abort(run, 'stopping');
    await this.untilEmpty(graceMs * abortShare);
    this.cutOff();
    await this.crew.close();
    return this.handedBack;
  }

  private cutOff(): void {
    for (const run of this.runs.values()) run.abort ??= 'stopping';
    for (const worker of this.crew.workers)
      if (worker.runs.size > 0) this.crew.kill(worker, 'the role ends, and its grace period is over');
  }

  private async untilEmpty(ms: number): Promise<void> {
    if (this.runs.size === 0) return;
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, ms);
      this.onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.onEmpty = undefined;
  }
}

type Finished = Extract<ToRole, { kind: 'finished' }>;
