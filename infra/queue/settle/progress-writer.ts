import type { InFlightTask } from '../claim/in-flight';
import type { Progress } from '../model/task';
import type { DatabaseGuard } from '../store/database-guard';

/** Writes the newest progress of each task, together and seldom: a bar that moves four times a second moves well. */
export class ProgressWriter {
  private readonly newest = new Map<InFlightTask, Progress>();
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly guard: DatabaseGuard,
    private readonly everyMs = 250,
  ) {}

  add(inFlight: InFlightTask, progress: Progress): void {
    this.newest.set(inFlight, progress);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.writing = this.write();
    }, this.everyMs);
  }

  async stop(): Promise<void> {
    clearTimeout(this.timer);
    this.newest.clear();
    await this.writing;
  }

  private async write(): Promise<void> {
    // What has ended meanwhile needs no bar any more.
    const updates = [...this.newest].filter(([inFlight]) => inFlight.running);
    this.newest.clear();
    for (const store of new Set(updates.map(([inFlight]) => inFlight.store))) {
      const ofStore = updates.filter(([inFlight]) => inFlight.store === store);
      // Progress that cannot be written is not worth keeping: the next one says more.
      await this.guard.attempt(`progress in ${store.constructor.name}`, () =>
        store.setProgress(ofStore.map(([{ task }, progress]) => ({ task, progress }))),
      );
    }
  }
}
