import type { QueueCore } from '../api/queue-core';
import type { ClaimableTypes } from '../claim/claimable-types';
import type { InFlightTasks } from '../claim/in-flight';
import type { EventTimer } from '../due/event-timer';
import type { DatabaseGuard } from '../store/database-guard';
import type { WaitingTasks } from '../waiting/waiting-tasks';
import { type ChangeListener, ChangeWatch } from './change-watch';
import { Ticker } from './ticker';

export interface WakeUpsOptions {
  core: QueueCore;
  guard: DatabaseGuard;
  eventTimer: EventTimer;
  waiting: WaitingTasks;
  types: ClaimableTypes;
  inFlight: InFlightTasks;
  refreshRate: number;
  inMemoryOnly: boolean;
  /** There may be work. */
  wake(): void;
  /** Something was paused, resumed, or has other limits. */
  controlChanged(): void;
  /** Looks at the queue's head. */
  poll(): Promise<void>;
  cancel(id: string): void;
  /** There is work on many tasks. */
  bulkWork(): void;
  /** The collection is gone, and its indexes with it. */
  dropped(): void;
}

/** While the change stream tells of what comes, of so many ticks one looks at the queue's head, one does a chore, and one rests. */
const ticksPerLook = 3;

/** Sees what other processes do to the queue: at once by the change stream, and by a slow poll as the net beneath. */
export class WakeUps {
  private readonly watch: ChangeWatch;
  private readonly ticker: Ticker;
  private resting = false;
  private ticks = 0;

  constructor(private readonly options: WakeUpsOptions) {
    const { core, guard, refreshRate } = options;
    this.watch = new ChangeWatch(core.db, core.store.collection.collectionName, this.createListener(), guard);
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
    const { types, controlChanged, bulkWork } = this.options;
    if (await types.readPauses()) controlChanged();
    if (types.hasBulkWork) bulkWork();
  }

  private createListener(): ChangeListener {
    const { core, eventTimer, waiting, wake, cancel, dropped, refreshRate } = this.options;
    return {
      queued: task => {
        core.store.headReader.heads.queued(task);
        wake();
      },
      waits: task => waiting.heardOf(task),
      scheduled: upcoming => eventTimer.scheduled(upcoming, core.store),
      deadline: task => eventTimer.deadline(task, core.store),
      datesChanged: () => void eventTimer.datesChanged(),
      cancelRequested: cancel,
      dropped,
      control: () => void this.readPauses(),
      unsupported: () => core.emit('queue.polling', { refreshRate }),
      opened: () => {
        wake();
        void eventTimer.datesChanged();
        void waiting.sweep();
        void this.lookForCancels();
        void this.readPauses();
      },
    };
  }

  /** Without a change stream, every tick asks for all that others may have done. @returns whether that is all for now. */
  private async poll(): Promise<boolean> {
    const { poll, inMemoryOnly, eventTimer, waiting, types, core } = this.options;
    // Until then nothing is claimed from the database.
    if (!inMemoryOnly && !types.knowsPauses) await this.readPauses();
    if (this.watch.isAwake) await waiting.goOnSweeping();
    this.ticks += 1;
    const turn = this.ticks % ticksPerLook;
    if (this.watch.isOpen && turn !== 0) return turn === 1;
    await poll();
    if (inMemoryOnly || this.watch.isOpen) return true;
    await eventTimer.lookAt('due', core.store);
    if (!this.watch.isAwake) {
      await this.lookForCancels();
      await waiting.sweep();
    }
    if (this.resting) await this.readPauses();
    return false;
  }

  /** What a tick looks after, one at a time. An idle role asks at most one question a tick. */
  private chores(): (() => Promise<void>)[] {
    const { eventTimer, waiting, types, core, inMemoryOnly } = this.options;
    if (inMemoryOnly) return [];
    return [
      () => eventTimer.lookAt('due', core.store),
      () => this.readPauses(),
      () => this.lookForCancels(),
      () => eventTimer.lookAt('deadline', core.store),
      () => waiting.sweep(),
      () => types.reportUnknown(),
      () => eventTimer.lookAtLeases(),
    ];
  }

  private async lookForCancels(): Promise<void> {
    const { inFlight, core, guard, cancel } = this.options;
    const ids = inFlight.of(core.store).map(({ _id }) => _id);
    if (ids.length === 0) return;
    for (const id of (await guard.attempt('cancels', () => core.store.cancelRequested(ids))) ?? []) cancel(id);
  }
}
