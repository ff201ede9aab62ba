import type { HeldTask } from '../claim/in-flight';
import type { Progress } from '../model/task';
import type { DatabaseReport } from '../store/database-guard';

/** Writes the newest progress of each task, together and seldom: a bar that moves four times a second moves well. */
export class ProgressWriter {
  private readonly newest = new Map<HeldTask, Progress>();
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly report: DatabaseReport,
    private readonly everyMs = 250,
  ) {}

  add(held: HeldTask, progress: Progress): void {
    this.newest.set(held, progress);
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
    const updates = [...this.newest].filter(([held]) => held.running);
    this.newest.clear();
    for (const store of new Set(updates.map(([held]) => held.store))) {
      const ofStore = updates.filter(([held]) => held.store === store);
      // Progress that cannot be written is not worth keeping: the next one says more.
      await this.report.attempt('progress', () =>
        store.setProgress(ofStore.map(([{ task }, progress]) => ({ task, progress }))),
      );
    }
  }
}
