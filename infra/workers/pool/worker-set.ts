import { catalogHash } from '../../catalog';
import { messageOf } from '../../errors/plain-error';
import { LastLines } from '../../queue/model/attempt-log';
import type { ToRole, ToWorker } from '../protocol/messages';
import { describeExit } from './attempt-outcome';
import type { AttemptWorker } from './attempt-registry';
import { beginMessage, type Hello, whyUnfit } from './hello';
import type { ResolvedPoolOptions } from './pool-options';
import { StartBackoff } from './start-backoff';
import { workerEnvironment } from './worker-environment';
import { type WorkerExit, type WorkerListener, WorkerProcess } from './worker-process';

export interface WorkerSetListener {
  /** A worker has said hello and takes tasks. */
  onReady(worker: WorkerProcess): void;
  onMessage(worker: WorkerProcess, message: ToRole): void;
  onUnsendable(worker: WorkerProcess, message: ToWorker, error: unknown): void;
  onExit(worker: WorkerProcess, exit: WorkerExit): void;
  /** A start that had to wait may go on now. */
  onRetry(): void;
}

/** How long a stopped worker may take to exit before it is killed: longer than it may take to send its last spans. */
const stopGraceMs = 5_000;
/** The same where the time of the role is over: what it hands back must not wait for longer. */
const hurriedGraceMs = 1_000;
/** A worker that dies within this time, without having run anything, has crashed at its start. */
const earlyCrashMs = 1_000;

/** The worker processes of a pool: starts, checks, recycles and ends them. The pool decides what runs in them. */
export class WorkerSet implements WorkerListener {
  readonly all = new Set<WorkerProcess>();
  /** What the workers that are gone have used of the processor, in milliseconds. */
  endedCpuMs = 0;
  private readonly backoff = new StartBackoff();
  private readonly hash: string;
  private retryTimer: NodeJS.Timeout | undefined;
  private first: { resolve(): void; reject(error: Error): void } | undefined;
  private closed = false;
  private startsFailTold = false;

  constructor(
    private readonly options: ResolvedPoolOptions,
    private readonly listener: WorkerSetListener,
  ) {
    this.hash = catalogHash(options.catalog);
  }

  /** Starts one worker, to check the file. @throws with the reason if it can't run. */
  async startFirst(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.first = { resolve, reject };
      this.start();
    });
    this.first = undefined;
  }

  /**
   * Starts workers until there are `wanted`, as far as recent crashes at the start allow. After a failed start it tries on,
   * wanted or not: otherwise nothing is claimed, no worker is wanted, and nobody finds out that they start again.
   */
  fill(wanted: number): void {
    const trial = this.backoff.failing && !this.isTrying() ? this.count() + 1 : 0;
    const target = Math.min(Math.max(wanted, trial), this.options.maxWorkers);
    while (!this.closed && this.count() < target) {
      const waitMs = this.backoff.waitMs(Date.now());
      if (waitMs > 0) {
        this.retryIn(waitMs);
        break;
      }
      if (this.backoff.failing && this.isStarting()) break;
      this.start();
    }
  }

  isStarting(): boolean {
    return [...this.all].some(({ state }) => state === 'starting');
  }

  /** Whether a worker is about to show that they start again. */
  private isTrying(): boolean {
    const now = Date.now();
    return [...this.all].some(({ readyAt = now }) => now - readyAt < earlyCrashMs);
  }

  /**
   * How many may still be started. While starts fail, one: a few tasks wait for it, and the rest goes to other roles.
   * When they have failed for long, none: tasks would wait here for ever.
   */
  spareWorkers(): number {
    const missing = Math.max(0, this.options.maxWorkers - this.count());
    if (this.startsFail) return 0;
    return this.backoff.failing ? Math.min(1, missing) : missing;
  }

  /** Those that tasks may be claimed for: when starts have failed for long, none that is only starting. */
  countedOn(): WorkerProcess[] {
    return [...this.all].filter(({ state }) => state === 'ready' || (state === 'starting' && !this.startsFail));
  }

  /** Whether there is no worker, and has been none that starts for long. */
  get cannotStart(): boolean {
    return this.startsFail && this.countedOn().length === 0;
  }

  /** Whether starts have failed for long. */
  get startsFail(): boolean {
    return this.backoff.failingMs(Date.now()) >= this.options.startPatienceMs;
  }

  /** How many workers serve, or will soon. */
  count(): number {
    let count = 0;
    for (const worker of this.all) if (worker.state !== 'leaving') count += 1;
    return count;
  }

  /** Gives a worker nothing more, so that it can be stopped when its tasks have finished. */
  retire(worker: WorkerProcess, why: string): void {
    if (worker.state === 'leaving') return;
    worker.state = 'leaving';
    this.options.emit('worker.recycled', { workerPid: worker.pid, why });
  }

  /** A task has damaged a worker: the tasks that have not begun in it go to other workers. */
  taint(worker: WorkerProcess, why: string): void {
    this.retire(worker, why);
    worker.send({ kind: 'giveBack' });
    worker.flush();
  }

  /** Stops an idle worker. Twice is fine. */
  stop(worker: WorkerProcess, graceMs = stopGraceMs): void {
    void worker.stop(graceMs);
  }

  kill(worker: AttemptWorker, because: string): void {
    this.options.emit('worker.killed', { workerPid: worker.pid, why: because });
    worker.kill(because);
  }

  /** Ends all workers, if need be by force, soon after `withinMs`. Resolves when the last process is gone. */
  async close(withinMs = stopGraceMs): Promise<void> {
    const graceMs = Math.min(stopGraceMs, Math.max(hurriedGraceMs, withinMs));
    this.closed = true;
    this.first?.reject(new Error('The pool was stopped before its first worker had started'));
    clearTimeout(this.retryTimer);
    for (const worker of this.all) {
      if (worker.state === 'starting') worker.kill('the pool stops');
      this.stop(worker, graceMs);
    }
    await Promise.all([...this.all].map(worker => worker.exited));
  }

  onMessage(worker: WorkerProcess, message: ToRole): void {
    if (message.kind === 'hello') this.onHello(worker, message);
    else if (message.kind === 'tainted') this.taint(worker, message.why);
    else this.listener.onMessage(worker, message);
  }

  onLine(worker: WorkerProcess, stream: 'stdout' | 'stderr', line: string): void {
    const task = worker.attempts.size === 1 ? worker.attempts.values().next().value?.task : undefined;
    const [running, another] = [...worker.attempts.values()].filter(({ startedAt }) => startedAt !== undefined);
    if (running && !another) {
      running.pipe ??= new LastLines();
      running.pipe.push({ at: performance.timeOrigin + performance.now(), stream, text: line });
    }
    this.options.emit('worker.output', {
      workerPid: worker.pid,
      stream,
      line,
      ...(task && { taskId: task._id, taskType: task.taskType }),
    });
  }

  onMalformedMessage(worker: WorkerProcess, error: unknown): void {
    this.options.emit('worker.malformedMessage', { workerPid: worker.pid, error });
  }

  onUnsendable(worker: WorkerProcess, message: ToWorker, error: unknown): void {
    this.listener.onUnsendable(worker, message, error);
  }

  onExit(worker: WorkerProcess, exit: WorkerExit): void {
    this.all.delete(worker);
    this.endedCpuMs += worker.cpuMs;
    if (this.crashedAtStart(worker)) this.startFailed(describeExit(worker, exit));
    else if (worker.state === 'leaving') this.options.emit('worker.ended', { workerPid: worker.pid });
    else this.options.emit('worker.crashed', { workerPid: worker.pid, ...exit, stderr: worker.stderr.slice() });
    this.listener.onExit(worker, exit);
  }

  private start(): void {
    const worker = this.fork();
    if (!worker) return;
    this.all.add(worker);
    const { bootTimeoutMs } = this.options;
    const timer = setTimeout(() => {
      if (worker.state === 'starting' && worker.inspector === undefined)
        worker.kill(`it sent nothing within ${bootTimeoutMs} ms`);
    }, bootTimeoutMs);
    worker.exited.finally(() => clearTimeout(timer));
  }

  /** A system without free memory or processes refuses at once: that is a failed start, not the end of the role. */
  private fork(): WorkerProcess | undefined {
    const { file, env, niceness, heapLimitMb } = this.options;
    try {
      return new WorkerProcess(
        { file, env: workerEnvironment(process.env, env), niceness, heapLimitMb, ...this.inspector() },
        this,
      );
    } catch (error) {
      this.startFailed(messageOf(error));
      return undefined;
    }
  }

  /** The lowest port that no worker has: a debugger finds the first worker where it was before a restart. */
  private inspector(): { inspector?: number } {
    const { inspectFrom } = this.options;
    if (inspectFrom === undefined) return {};
    const taken = new Set([...this.all].map(({ inspector }) => inspector));
    let inspector = inspectFrom;
    while (taken.has(inspector)) inspector += 1;
    return { inspector };
  }

  private onHello(worker: WorkerProcess, hello: Hello): void {
    const { emit } = this.options;
    const problem = whyUnfit(hello, this.options, this.hash);
    if (problem) {
      worker.kill(`${this.options.file} ${problem}`);
      return;
    }
    worker.state = 'ready';
    worker.readyAt = Date.now();
    worker.send(beginMessage(this.options));
    setTimeout(() => this.all.has(worker) && this.startSucceeded(), earlyCrashMs).unref();
    if (worker.inspector !== undefined) emit('worker.inspector', { workerPid: worker.pid, port: worker.inspector });
    emit('worker.started', { workerPid: worker.pid, durationMs: Date.now() - worker.startedAt });
    this.first?.resolve();
    this.listener.onReady(worker);
  }

  private crashedAtStart({ readyAt, state, finished, attempts }: WorkerProcess): boolean {
    if (this.closed) return false;
    if (readyAt === undefined) return true;
    return state === 'ready' && finished === 0 && attempts.size === 0 && Date.now() - readyAt < earlyCrashMs;
  }

  private startFailed(why: string): void {
    const { failures, waitMs } = this.backoff.failed(Date.now());
    this.options.emit('worker.startFailed', { failures, retryInMs: waitMs, why });
    this.first?.reject(new Error(`A worker process could not start: ${why}`));
    if (this.startsFail && !this.startsFailTold) this.options.emit('worker.startsFail', { failures, why });
    this.startsFailTold = this.startsFail;
  }

  private startSucceeded(): void {
    this.backoff.succeeded();
    this.startsFailTold = false;
  }

  private retryIn(waitMs: number): void {
    this.retryTimer ??= setTimeout(() => {
      this.retryTimer = undefined;
      this.listener.onRetry();
    }, waitMs);
  }
}
