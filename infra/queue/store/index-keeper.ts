import type { DatabaseReport } from './database-guard';
import type { MongoStore } from './mongo-store';

/**
 * Sees to it that the queue's indexes are there while roles run: somebody may drop one, or the whole collection (a
 * restore does). Without them no claim comes through, and `uniqueKey` is not unique.
 */
export class IndexKeeper {
  private making: Promise<unknown> | undefined;

  constructor(
    private readonly store: MongoStore,
    private readonly report: DatabaseReport,
  ) {}

  /** Makes what is missing, once at a time; where nothing is, it costs one round trip. Never throws, never waited for. */
  look(): void {
    this.making ??= this.report
      .attempt('make its indexes', () => this.store.ensureIndexes())
      .finally(() => {
        this.making = undefined;
      });
  }

  /** Resolves when nothing is being made. */
  async stop(): Promise<void> {
    await this.making;
  }
}
