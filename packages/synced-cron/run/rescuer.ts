import { type Log, messageOf } from '../log';
import type { Store } from '../store/store';
import type { Runner } from './runner';

/** Looks for runs whose process has died, a few times within each lease, and has them run again. */
export class Rescuer {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly store: Store,
    private readonly runner: Runner,
    private readonly names: () => string[],
    private readonly log: Log,
  ) {}

  start(): void {
    this.timer ??= setTimeout(() => this.look(), this.store.leases.leaseMs / 3);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private async look(): Promise<void> {
    const { timer } = this;
    // Stopped meanwhile, or stopped and started again: then there is another timer, or none.
    const isActive = () => this.timer === timer;
    try {
      for (const lease of await this.store.leases.expired(this.names())) if (isActive()) this.rescue(lease);
    } catch (error) {
      this.log.warn(`Can't look for runs that died: ${messageOf(error)}`);
    }
    if (!isActive()) return;
    this.timer = undefined;
    this.start();
  }

  private rescue(lease: Parameters<Runner['rescue']>[0]): void {
    this.runner
      .rescue(lease)
      .catch(error => this.log.warn(`Can't run "${lease.name}" again: ${messageOf(error)}`, { entry: lease.name }));
  }
}
