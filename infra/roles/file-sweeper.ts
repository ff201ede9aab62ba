import type { Service } from '../app';
import { FileStore } from '../database';
import type { AppContext } from './app-context';

const everyMs = 3_600_000;

/** Removes what processes that were killed in the middle of writing a file have left: at start, and once an hour. */
export class FileSweeper implements Service {
  readonly name = 'file sweeper';
  private readonly files: FileStore;
  private timer?: NodeJS.Timeout;
  private sweeping: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly context: Pick<AppContext, 'connection' | 'events'>) {
    this.files = new FileStore(context.connection.db);
  }

  async start(): Promise<void> {
    this.sweep();
  }

  stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    return this.sweeping;
  }

  private sweep(): void {
    this.sweeping = this.removeLeftovers().finally(() => {
      if (!this.stopped) this.timer = setTimeout(() => this.sweep(), everyMs).unref();
    });
  }

  /** A database that is away has its leftovers swept an hour later. */
  private async removeLeftovers(): Promise<void> {
    const { events } = this.context;
    try {
      const count = await this.files.sweep();
      if (count > 0) events.emit('files.swept', { count });
    } catch (error) {
      events.emit('files.notSwept', { error });
    }
  }
}
