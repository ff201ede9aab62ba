import { setTimeout as sleep } from 'node:timers/promises';
import { GrowingPause, inSeconds } from '../growing-pause';
import type { RunningMongod } from './replica-set';

/** The roles wait for it: a first try follows at once, and one that keeps failing is tried every half minute. */
const pauses = { firstMs: 250, maxMs: 30_000, soundAfterMs: 60_000 };

/** Our own mongod while `npm start` runs: one that dies is started again on the same data, at the same port. */
export class KeptMongod {
  private readonly pause = new GrowingPause(pauses);
  private readonly stopping = new AbortController();
  private reviving: Promise<void> = Promise.resolve();

  /** @param startAgain starts another one on the same data, at the same port. */
  constructor(
    private mongod: RunningMongod,
    private readonly startAgain: () => Promise<RunningMongod>,
  ) {
    this.watch();
  }

  /** Resolves when it has ended, also where it was just being started again. Twice is fine. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.reviving;
    await this.mongod.stop();
  }

  kill(): void {
    this.stopping.abort();
    this.mongod.kill();
  }

  private watch(): void {
    const startedAt = performance.now();
    this.mongod.ended.then(how => {
      if (this.stopping.signal.aborted) return;
      console.log(`Database: mongod has ended (${how}): it is started again on the same data`);
      this.reviving = this.revive(this.pause.next(performance.now() - startedAt));
    });
  }

  private async revive(pauseMs: number): Promise<void> {
    await this.mongod.stop(); // what the dead one has left: its watchdog
    await this.wait(pauseMs);
    for (let tries = 1; !this.stopping.signal.aborted; tries += 1) {
      try {
        this.mongod = await this.startAgain();
        if (tries > 1) console.log('Database: mongod is back');
        return this.watch();
      } catch (error) {
        await this.failed(error);
      }
    }
  }

  private async failed(error: unknown): Promise<void> {
    if (this.stopping.signal.aborted) return;
    const pauseMs = this.pause.next(0);
    const reason = error instanceof Error ? error.message : error;
    console.log(`Database: mongod could not be started again (${reason}); the next try is in ${inSeconds(pauseMs)}`);
    await this.wait(pauseMs);
  }

  private async wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.stopping.signal }).catch(() => {}); // stopped: the loop sees it
  }
}
