/** Ticks every `rate` ms, never two at a time: each time it polls, and if that was not all, does one of the chores in turn. */
export class Ticker {
  private timer: NodeJS.Timeout | undefined;
  private running = false;
  private turn = 0;

  constructor(
    private rate: number,
    private readonly chores: readonly (() => Promise<void>)[],
    private readonly poll: () => Promise<boolean>,
  ) {}

  start(): void {
    this.running = true;
    this.schedule();
  }

  stop(): void {
    this.running = false;
    clearTimeout(this.timer);
  }

  setRate(ms: number): void {
    this.rate = ms;
    if (this.running) this.schedule();
  }

  private schedule(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      void this.tick().finally(() => {
        if (this.running) this.schedule();
      });
    }, this.rate);
  }

  private async tick(): Promise<void> {
    if (await this.poll()) return;
    const chore = this.chores[this.turn++ % Math.max(1, this.chores.length)];
    if (this.running) await chore?.();
  }
}
