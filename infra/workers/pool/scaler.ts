import { timerMs } from '../../timing/timer-ms';
import type { WorkerOutcome } from '../protocol/messages';
import type { ResolvedPoolOptions } from './pool-options';
import { FailureStreaks, hangs, whyRecycle } from './worker-health';
import type { WorkerProcess } from './worker-process';
import type { WorkerSet } from './worker-set';

/** How often workers are checked for silence and age. */
const checkEveryMs = 1_000;

/** Keeps as many workers as there is work for, and ends those that are too old or hang. */
export class Scaler {
  private readonly keepAlive: KeepAlive;
  private readonly streaks = new FailureStreaks();
  private checkTimer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly options: ResolvedPoolOptions,
    private readonly workers: WorkerSet,
  ) {
    this.keepAlive = new KeepAlive(options, workers);
  }

  start(): void {
    this.checkTimer = setInterval(() => this.check(), checkEveryMs).unref();
    this.fill(0);
    this.keepAlive.touch();
  }

  stop(): void {
    this.stopped = true;
    this.keepAlive.stop();
    clearInterval(this.checkTimer);
  }

  /** Work has just come. */
  touch(): void {
    this.keepAlive.touch();
  }

  /** Starts as many workers as there is work for, or as the options keep alive. */
  fill(pending: number): void {
    if (this.stopped) return;
    const { keepAlive, maxWorkers, minWorkers } = this.options;
    const starting = [...this.workers.all].filter(({ state }) => state === 'starting').length;
    const wanted = this.workers.count() + Math.max(0, pending - starting);
    this.workers.fill(keepAlive === 'always' ? maxWorkers : Math.max(minWorkers, wanted));
  }

  /** Between two tasks of a worker: replaces it if they have damaged it, or if it is old enough. */
  onFinished(worker: WorkerProcess, taskType: string, outcome: WorkerOutcome): void {
    if (this.options.inspectFrom === undefined) this.taintIfDamaged(worker, taskType, outcome);
    this.recycleIfDue(worker);
    this.touch();
  }

  /** A final failure, such as a refused payload, says nothing about the worker. */
  private taintIfDamaged(worker: WorkerProcess, taskType: string, outcome: WorkerOutcome): void {
    if (outcome.kind === 'done') this.streaks.succeeded(worker, taskType);
    if (outcome.kind !== 'failed' || outcome.fatal) return;
    const why = this.streaks.failed(worker, taskType);
    if (why) this.workers.taint(worker, why);
  }

  private recycleIfDue(worker: WorkerProcess): void {
    const { finished, startedAt, rss } = worker;
    const { inspectFrom, recycle } = this.options;
    const why = inspectFrom === undefined && whyRecycle({ finished, ageMs: Date.now() - startedAt, rss }, recycle);
    if (worker.state === 'ready' && why) this.workers.retire(worker, why);
    this.stopIfDone(worker);
  }

  /** One that is to be replaced ends when it has nothing left to do. */
  stopIfDone(worker: WorkerProcess): void {
    if (worker.state === 'leaving' && worker.attempts.size === 0 && !this.stopped) this.workers.stop(worker);
  }

  private check(): void {
    for (const worker of this.workers.all) {
      if (worker.attempts.size === 0 && worker.state === 'ready') this.recycleIfDue(worker);
      else if (worker.inspector === undefined && hangs(worker, this.options.abortGraceMs, Date.now()))
        this.workers.kill(worker, 'it sent nothing about its tasks for too long');
    }
  }
}

/** Stops idle workers when there has been no work for a while. One timer, armed by work. */
class KeepAlive {
  private lastWorkAt = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: Pick<ResolvedPoolOptions, 'keepAlive' | 'minWorkers'>,
    private readonly workers: WorkerSet,
  ) {}

  touch(): void {
    this.lastWorkAt = Date.now();
    this.arm();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private arm(): void {
    const { keepAlive } = this.options;
    if (keepAlive === 'always' || this.timer) return;
    const waitMs = Math.max(0, this.lastWorkAt + keepAlive - Date.now());
    this.timer = setTimeout(() => this.check(keepAlive), timerMs(waitMs)).unref();
  }

  /** A worker that is busy now will touch this again when it has finished. */
  private check(keepAlive: number): void {
    this.timer = undefined;
    if (Date.now() - this.lastWorkAt < keepAlive) this.arm();
    else this.stopIdle();
  }

  private stopIdle(): void {
    for (const worker of this.workers.all) {
      if (this.workers.count() <= this.options.minWorkers) return;
      if (worker.state === 'ready' && worker.attempts.size === 0) this.workers.stop(worker);
    }
  }
}
