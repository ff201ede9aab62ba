import type { Db } from 'mongodb';
import { withTimeout } from '../timing/with-timeout';
import type { Emit } from './events';

interface WatchOptions {
  db: Db;
  emit: Emit;
  everyMs?: number;
}

/** Knows whether the database answers, so that /healthz need not ask it at each request. */
export class DatabaseWatch {
  private readonly everyMs: number;
  private lastAnswer = 0;
  private latency = Number.NaN;
  private answered = true;
  private timer?: NodeJS.Timeout;
  private asking: Promise<void> = Promise.resolve();
  private running = false;

  constructor(private readonly options: WatchOptions) {
    this.everyMs = options.everyMs ?? 2_000;
  }

  async start(): Promise<void> {
    if (this.running) return;
    this.running = true;
    this.asking = this.ask();
    await this.asking;
    this.schedule();
  }

  async stop(): Promise<void> {
    this.running = false;
    clearTimeout(this.timer);
    await this.asking;
  }

  /** It answered at the last look, and that is not long ago. */
  connected(): boolean {
    return this.answered && Date.now() - this.lastAnswer < 3 * this.everyMs + 1_000;
  }

  /** Of the last answer, in ms; NaN before the first. */
  latencyMs(): number {
    return this.latency;
  }

  private schedule(): void {
    if (!this.running) return;
    this.timer = setTimeout(() => {
      this.asking = this.ask().then(() => this.schedule());
    }, this.everyMs);
    this.timer.unref();
  }

  private async ask(): Promise<void> {
    const from = performance.now();
    // The driver waits for a server that is there and silent as long as it likes.
    const ping = withTimeout(
      this.everyMs,
      this.options.db.command({ ping: 1 }),
      new Error(`no answer in ${this.everyMs} ms`),
    );
    const error = await ping.then(
      () => undefined,
      cause => cause as Error,
    );
    if (!error) {
      this.lastAnswer = Date.now();
      this.latency = Math.round((performance.now() - from) * 100) / 100;
    }
    this.say(error);
    this.answered = !error;
  }

  private say(error: Error | undefined): void {
    if (error && this.answered) this.options.emit('database.lost', { error: error.message });
    if (!error && !this.answered) this.options.emit('database.back', {});
  }
}
