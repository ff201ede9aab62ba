import type { Clock } from '../../packages/synced-cron/clock';

interface Timer {
  at: number;
  callback: () => void;
}

/** A clock that goes as fast as it is told. Its timers go by elapsed time: setting the clock does not move them. */
export class FakeClock implements Clock {
  private elapsed = 0;
  private readonly timers = new Set<Timer>();

  constructor(private base: number) {}

  now(): number {
    return this.base + this.elapsed;
  }

  after(ms: number, callback: () => void): () => void {
    if (!(ms >= 0 && ms <= 2 ** 31 - 1)) throw new Error(`no timer takes ${ms} ms`);
    const timer = { at: this.elapsed + ms, callback };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  /** Lets `ms` pass, timer by timer; what a timer sets off has run before the next one. */
  async pass(ms: number): Promise<void> {
    const end = this.elapsed + ms;
    for (let timer = this.first(end); timer; timer = this.first(end)) {
      this.timers.delete(timer);
      this.elapsed = Math.max(timer.at, this.elapsed);
      timer.callback();
      // Enough for a job that answers at once to be over; what asks a database is waited for by `eventually`.
      for (let turn = 0; turn < 8; turn++) await undefined;
    }
    this.elapsed = end;
  }

  /** Sets the clock forward or back. */
  set(ms: number): void {
    this.base += ms;
  }

  /** The machine sleeps: time passes and no timer fires until it wakes. */
  sleep(ms: number): void {
    this.elapsed += ms;
  }

  get pending(): number {
    return this.timers.size;
  }

  private first(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.timers) if (timer.at <= end && (!first || timer.at < first.at)) first = timer;
    return first;
  }
}
