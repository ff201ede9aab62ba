import { GrowingPause, inSeconds } from '../growing-pause';
import type { LocalRole } from '../roles';
import { label } from './log-lines';
import { type RoleOptions, RoleProcess } from './role-process';

const pauses = { firstMs: 1_000, maxMs: 60_000, soundAfterMs: 60_000 };

/** A role while `npm start` runs: one that dies is started again, after a pause that grows as long as it keeps dying. */
export class KeptRole {
  private readonly process: RoleProcess;
  private readonly pause = new GrowingPause(pauses);
  private readyAt = 0;
  /** Until the next start. */
  private timer?: NodeJS.Timeout;
  /** Counts what was asked for: a start that still goes on when something else is asked for has no say any more. */
  private orders = 0;

  constructor(options: Omit<RoleOptions, 'onDeath'>) {
    this.process = new RoleProcess({ ...options, onDeath: how => this.died(how) });
  }

  get role(): LocalRole {
    return this.process.role;
  }

  get isRunning(): boolean {
    return this.process.isRunning;
  }

  /** Resolves when the role listens. @throws when it ends before that; it is not tried again then. */
  async start(): Promise<void> {
    await this.process.start();
    this.readyAt = performance.now();
  }

  /** Drains the role and starts it anew; resolves when that is done, or left to a later try. */
  async restart(): Promise<void> {
    const order = this.newOrder();
    this.pause.reset();
    await this.process.stop();
    await this.startAgain(order);
  }

  /** Lets the role drain. Twice is fine. */
  async stop(): Promise<void> {
    this.newOrder();
    await this.process.stop();
  }

  kill(): void {
    this.newOrder();
    this.process.kill();
  }

  private newOrder(): number {
    clearTimeout(this.timer);
    this.orders += 1;
    return this.orders;
  }

  private died(how: string): void {
    const pauseMs = this.pause.next(performance.now() - this.readyAt);
    console.log(`${label(this.role)} has died (${how}): it starts again in ${inSeconds(pauseMs)}`);
    this.startLater(pauseMs);
  }

  private startLater(pauseMs: number): void {
    const order = this.newOrder();
    this.timer = setTimeout(() => void this.startAgain(order), pauseMs);
  }

  private async startAgain(order: number): Promise<void> {
    if (order !== this.orders) return;
    try {
      await this.start();
      console.log(`${label(this.role)} is ready again`);
    } catch (error) {
      if (order === this.orders) this.failed(error as Error);
    }
  }

  private failed({ message }: Error): void {
    const pauseMs = this.pause.next(0);
    console.error(`${message}. The next try is in ${inSeconds(pauseMs)}, or when a file changes`);
    this.startLater(pauseMs);
  }
}
