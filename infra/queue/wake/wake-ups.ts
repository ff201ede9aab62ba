import type { QueueCore } from '../api/queue-core';
import type { OpenTypes } from '../claim/claimable-types';
import type { HeldTasks } from '../claim/in-flight';
import type { Timeline } from '../due/event-timer';
import type { DatabaseReport } from '../store/database-guard';
import { type ChangeListener, ChangeWatch } from './change-watch';
import { Ticker } from './ticker';

export interface LookoutOptions {
  core: QueueCore;
  report: DatabaseReport;
  timeline: Timeline;
  types: OpenTypes;
  held: HeldTasks;
  refreshRate: number;
  inMemoryOnly: boolean;
  /** There may be work. */
  wake(): void;
  /** Looks at the queue's head. */
  poll(): Promise<void>;
  cancel(id: string): void;
  /** The collection is gone, and its indexes with it. */
  dropped(): void;
}

/** Sees what other processes do to the queue: at once by the change stream, and by a slow poll as the net beneath. */
export class Lookout {
  private readonly watch: ChangeWatch;
  private readonly ticker: Ticker;
  private resting = false;

  constructor(private readonly options: LookoutOptions) {
    const { core, report, refreshRate } = options;
    this.watch = new ChangeWatch(core.db, core.store.collection.collectionName, this.createListener(), report);
    this.ticker = new Ticker(refreshRate, this.chores(), () => this.poll());
  }

  async start(): Promise<void> {
    if (!this.options.inMemoryOnly) await this.watch.start();
    this.ticker.start();
  }

  /** Looks no more by itself. A cancel is still heard, until `stop`. */
  stopPolling(): void {
    this.ticker.stop();
  }

  async stop(): Promise<void> {
    this.ticker.stop();
    await this.watch.stop();
  }

  setRefreshRate(ms: number): void {
    this.ticker.setRate(ms);
  }

  /** While the role has its hands full, it needs not hear that there is more. */
  rest(): void {
    this.resting = true;
    this.watch.rest();
  }

  resume(): void {
    this.resting = false;
    this.watch.wake();
  }

  async readPauses(): Promise<void> {
    if (await this.options.types.readPauses()) this.options.wake();
  }

  private createListener(): ChangeListener {
    const { core, timeline, wake, cancel, dropped, refreshRate } = this.options;
    return {
      queued: wake,
      scheduled: upcoming => timeline.scheduled(upcoming, core.store),
      deadline: task => timeline.deadline(task, core.store),
      moved: () => void timeline.datesMoved(),
      cancelRequested: cancel,
      dropped,
      control: () => void this.readPauses(),
      unsupported: () => core.emit('queue.polling', { refreshRate }),
      opened: () => {
        wake();
        void timeline.datesMoved();
        void this.lookForCancels();
        void this.readPauses();
      },
    };
  }

  /** What nobody tells while the stream rests must not wait for its turn among the chores. */
  private async poll(): Promise<void> {
    await this.options.poll();
    if (this.options.inMemoryOnly || this.watch.isAwake) return;
    await this.lookForCancels();
    if (this.resting) await this.readPauses();
  }

  /** What a tick looks after, one at a time: beside the queue's head, an idle role asks one question a tick. */
  private chores(): (() => Promise<void>)[] {
    const { timeline, types, core, inMemoryOnly } = this.options;
    if (inMemoryOnly) return [];
    const due = () => timeline.lookAt('due', core.store);
    const others = [
      () => this.readPauses(),
      () => this.lookForCancels(),
      () => timeline.lookAt('deadline', core.store),
      () => types.reportUnknown(),
      () => timeline.lookAtLeases(),
    ];
    return others.flatMap(other => [due, other]);
  }

  private async lookForCancels(): Promise<void> {
    const { held, core, report, cancel } = this.options;
    const ids = held.of(core.store).map(({ _id }) => _id);
    if (ids.length === 0) return;
    for (const id of (await report.attempt('cancels', () => core.store.cancelRequested(ids))) ?? []) cancel(id);
  }
}
