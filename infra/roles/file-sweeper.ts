import type { Service } from '../app';
import { FileStore } from '../database';
import { Repeated } from '../timing/repeated';
import type { AppContext } from './app-context';

const everyMs = 3_600_000;

/** Removes what processes that were killed in the middle of writing a file have left: at start, and once an hour. */
export class FileSweeper implements Service {
  readonly name = 'file sweeper';
  private readonly files: FileStore;
  private readonly sweeps = new Repeated(everyMs, () => this.removeLeftovers());

  constructor(private readonly context: Pick<AppContext, 'connection' | 'events'>) {
    this.files = new FileStore(context.connection.db);
  }

  async start(): Promise<void> {
    void this.sweeps.start();
  }

  stop(): Promise<void> {
    return this.sweeps.stop();
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
