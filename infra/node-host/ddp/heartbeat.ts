interface HeartbeatOptions {
  /** After this much silence (ms) a ping is sent. */
  intervalMs: number;
  /** This long (ms) an answer may take. */
  timeoutMs: number;
  sendPing(): void;
  onTimeout(): void;
}

/** Finds out that the other side is gone. Any message counts as a sign of life. */
export class Heartbeat {
  private readonly interval: NodeJS.Timeout;
  private timeout: NodeJS.Timeout | undefined;
  private heard = false;

  constructor(private readonly options: HeartbeatOptions) {
    this.interval = setInterval(() => this.beat(), options.intervalMs);
  }

  messageReceived(): void {
    this.heard = true;
    clearTimeout(this.timeout);
    this.timeout = undefined;
  }

  stop(): void {
    clearInterval(this.interval);
    clearTimeout(this.timeout);
  }

  private beat(): void {
    if (!this.heard && !this.timeout) {
      this.options.sendPing();
      this.timeout = setTimeout(() => {
        this.stop();
        this.options.onTimeout();
      }, this.options.timeoutMs);
    }
    this.heard = false;
  }
}
