/** Pings after silence, and tells when no sign of life answers. */
export class Heartbeat {
  private timer: NodeJS.Timeout | undefined;

  /** @param intervalMs silence before a ping; @param timeoutMs silence after it before `onTimeout` */
  constructor(
    private readonly intervalMs: number,
    private readonly timeoutMs: number,
    private readonly sendPing: () => void,
    private readonly onTimeout: () => void,
  ) {}

  /** Starts anew: also what every message that arrives does. */
  start(): void {
    this.stop();
    this.timer = setTimeout(() => this.ping(), this.intervalMs);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private ping(): void {
    this.timer = setTimeout(this.onTimeout, this.timeoutMs);
    this.sendPing();
  }
}
