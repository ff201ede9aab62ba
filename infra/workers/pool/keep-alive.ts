import { timerMs } from '../../timing/timer-ms';
import type { Crew } from './crew';
import type { ResolvedPoolOptions } from './pool-options';

/** Lets idle workers go when there has been no work for a while. One timer, armed by work. */
export class KeepAlive {
  private lastWorkAt = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: Pick<ResolvedPoolOptions, 'keepAlive' | 'minWorkers'>,
    private readonly crew: Crew,
  ) {}

  /** There was work just now. */
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
    this.timer = setTimeout(() => this.look(keepAlive), timerMs(waitMs)).unref();
  }

  /** A worker that is busy now will touch this again when it has finished. */
  private look(keepAlive: number): void {
    this.timer = undefined;
    if (Date.now() - this.lastWorkAt < keepAlive) this.arm();
    else this.letIdleGo();
  }

  private letIdleGo(): void {
    for (const worker of this.crew.workers) {
      if (this.crew.count() <= this.options.minWorkers) return;
      if (worker.state === 'ready' && worker.runs.size === 0) this.crew.letGo(worker);
    }
  }
}
