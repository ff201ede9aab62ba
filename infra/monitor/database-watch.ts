import type { Db } from 'mongodb';
import { Repeated } from '../timing/repeated';
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
  private readonly looks: Repeated;

  constructor(private readonly options: WatchOptions) {
    this.everyMs = options.everyMs ?? 2_000;
    this.looks = new Repeated(this.everyMs, () => this.ask());
  }

  start(): Promise<void> {
    return this.looks.start();
  }

  stop(): Promise<void> {
    return this.looks.stop();
  }

  /** The database answered the last ping, and that is not long ago. */
  connected(): boolean {
    return this.answered && Date.now() - this.lastAnswer < 3 * this.everyMs + 1_000;
  }

  /** Of the last answer, in ms; NaN before the first. */
  latencyMs(): number {
    return this.latency;
  }

  private async ask(): Promise<void> {
    const from = performance.now();
    // The driver waits without limit for a server that is connected and silent.
    const ping = withTimeout(
      this.everyMs,
      this.options.db.command({ ping: 1 }),
      () => new Error(`no answer in ${this.everyMs} ms`),
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
