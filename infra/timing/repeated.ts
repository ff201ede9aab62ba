import { timerMs } from './timer-ms';

/** Repeats a piece of work, with a pause after each time, so never two at once. It keeps no process alive. */
export class Repeated {
  private timer: NodeJS.Timeout | undefined;
  private working: Promise<void> = Promise.resolve();
  private started = false;
  private stopped = false;

  /** @param work reports its own failures: it does not throw. */
  constructor(
    private readonly everyMs: number,
    private readonly work: () => Promise<void>,
  ) {}

  /** Resolves when the work has been done for the first time. Calling it twice is fine. */
  start(): Promise<void> {
    if (this.begin()) this.turn();
    return this.working;
  }

  /** The first time comes after a pause as well. Calling it twice is fine. */
  startLater(): void {
    if (this.begin()) this.schedule();
  }

  /** Resolves when no work is in progress any more, the first time included. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.working;
  }

  private begin(): boolean {
    const isFirst = !this.started && !this.stopped;
    this.started = true;
    return isFirst;
  }

  private turn(): void {
    this.working = this.work().finally(() => this.schedule());
  }

  private schedule(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => this.turn(), timerMs(this.everyMs)).unref();
  }
}
