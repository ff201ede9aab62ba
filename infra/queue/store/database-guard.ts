import type { Emit } from '../../monitor/events';
import { isDatabaseAway, isIndexMissing } from './database-errors';
import type { MongoStore } from './mongo-store';

/** Between the tries of what the database does not take for now. */
export const retryPauses = { firstMs: 50, maxMs: 2_000 };

/** The step that never succeeds without an answer of the database. */
export const heartbeatStep = 'heartbeat';

/** Says once that the database is away, and once that it is back; any other failure once until its step succeeds. */
export class DatabaseGuard {
  /** The steps that have found the database away; none while it is there. */
  private readonly away = new Set<string>();
  private readonly failing = new Set<string>();

  /**
   * @param onIndexMissing hears of each step that failed because an index is gone.
   * @param onBack hears that the database is back: writes whose replies were lost may have changed what waits.
   */
  constructor(
    private readonly emit: Emit,
    private readonly onIndexMissing: () => void = () => {},
    private readonly onBack: () => void = () => {},
  ) {}

  /**
   * Runs a step of the queue's machinery. What fails is reported, never thrown: the next tick tries again.
   *
   * @returns the step's value, or undefined where it failed.
   */
  async attempt<T>(step: string, action: () => Promise<T>): Promise<T | undefined> {
    try {
      const value = await action();
      this.succeeded(step);
      return value;
    } catch (error) {
      this.failed(step, error);
      return undefined;
    }
  }

  succeeded(step: string): void {
    this.failing.delete(step);
    // Many a step asks nothing where it has nothing to do: it says nothing of a database that it has not found away.
    if (this.away.size === 0 || !(this.away.has(step) || step === heartbeatStep)) return;
    this.away.clear();
    this.emit('queue.databaseBack', {});
    this.onBack();
  }

  failed(step: string, error: unknown): void {
    if (isIndexMissing(error)) this.onIndexMissing();
    if (isDatabaseAway(error)) {
      if (this.away.size === 0) this.emit('queue.databaseLost', { step, error });
      this.away.add(step);
    } else if (!this.failing.has(step)) {
      this.failing.add(step);
      this.emit('queue.failed', { step, error });
    }
  }
}

/**
 * Sees to it that the queue's indexes are there while roles run: somebody may drop one, or the whole collection (a
 * restore does). Without them no claim comes through, and `uniqueKey` is not unique.
 */
export class IndexKeeper {
  private making: Promise<unknown> | undefined;

  constructor(
    private readonly store: MongoStore,
    private readonly guard: DatabaseGuard,
  ) {}

  /** Makes what is missing, once at a time; where nothing is, it costs one round trip. Never throws, never waited for. */
  look(): void {
    this.making ??= this.guard
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
