import type { QueueCore } from '../api/queue-core';
import type { TaskStore, Upcoming } from '../store/task-store';

const batch = 1_000;
const pauseMs = 1_000;

/** Makes scheduled tasks queued when they fall due, so that a claim never walks over the future. */
export class Promoter {
  constructor(
    private readonly core: QueueCore,
    private readonly store: TaskStore,
    private readonly wake: () => void,
  ) {}

  /** Promotes all that is due and returns what is due next. */
  async promote(): Promise<Upcoming | undefined> {
    for (;;) {
      // One question where nothing is due, which is nearly always.
      const next = await this.store.nextScheduled();
      if (!next || next.date > this.core.clock.now()) return next;
      const promoted = await this.store.promote(this.core.clock.now(), batch);
      for (const task of promoted) this.core.events.tell('due', task);
      if (promoted.length > 0) {
        this.core.emit('queue.promoted', { count: promoted.length });
        this.wake();
      }
      if (promoted.length === 0) return this.afterNothing();
    }
  }

  /** Another role was quicker, or a document cannot be promoted: it must not be tried without end. */
  private async afterNothing(): Promise<Upcoming | undefined> {
    const next = await this.store.nextScheduled();
    const soon = new Date(this.core.clock.now().getTime() + pauseMs);
    return next && { id: next.id, date: next.date > soon ? next.date : soon };
  }
}
