import type { Crew } from './crew';
import { KeepAlive } from './keep-alive';
import type { ResolvedPoolOptions } from './pool-options';
import { hangs } from './silence';
import type { WorkerProcess } from './worker-process';

/** How often workers are looked at that say nothing or grow old. */
const lookEveryMs = 1_000;

/** Sees to it that there are as many workers as there is work for, none of them too old, and none that hangs. */
export class Staff {
  private readonly keepAlive: KeepAlive;
  private lookTimer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly options: ResolvedPoolOptions,
    private readonly crew: Crew,
  ) {
    this.keepAlive = new KeepAlive(options, crew);
  }

  start(): void {
    this.lookTimer = setInterval(() => this.look(), lookEveryMs).unref();
    this.fill(0);
    this.keepAlive.touch();
  }

  stop(): void {
    this.stopped = true;
    this.keepAlive.stop();
    clearInterval(this.lookTimer);
  }

  /** There was work just now. */
  worked(): void {
    this.keepAlive.touch();
  }

  /** As many workers as there is work for, or as are to be kept. */
  fill(waiting: number): void {
    if (this.stopped) return;
    const { keepAlive, maxWorkers, minWorkers } = this.options;
    const starting = [...this.crew.workers].filter(({ state }) => state === 'starting').length;
    const wanted = this.crew.count() + Math.max(0, waiting - starting);
    this.crew.fill(keepAlive === 'always' ? maxWorkers : Math.max(minWorkers, wanted));
  }

  /** Between two tasks of a worker: whether it has served long enough. */
  recycleIfDue(worker: WorkerProcess): void {
    this.crew.recycleIfDue(worker);
    if (worker.state === 'leaving' && worker.runs.size === 0 && !this.stopped) this.crew.letGo(worker);
  }

  private look(): void {
    for (const worker of this.crew.workers) {
      if (worker.runs.size === 0 && worker.state === 'ready') this.recycleIfDue(worker);
      else if (hangs(worker, this.options.abortGraceMs, Date.now()))
        this.crew.kill(worker, 'it said nothing of its tasks for too long');
    }
  }
}
