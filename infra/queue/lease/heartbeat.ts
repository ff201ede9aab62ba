import { type Clock, DatabaseClock } from '../../database';
import type { InFlightTasks } from '../claim/in-flight';
import type { Task } from '../model/task';
import type { DatabaseGuard } from '../store/database-guard';
import type { TaskStore } from '../store/task-store';
import type { Owners } from './owners';

export interface HeartbeatOptions {
  owners: Owners;
  store: TaskStore;
  inFlight: InFlightTasks;
  guard: DatabaseGuard;
  clock: Clock;
  leaseMs: number;
  everyMs: number;
  /** Somebody else has these tasks now; mostly there are none. */
  onLost(tasks: Task[]): void;
  /** Small things that go with each beat. */
  alsoDo(): Promise<void>;
}

/** A beat that failed is tried again this many times in the time of one. */
const triesPerBeat = 8;

/** Says that the role lives, renews the leases of all that it holds in one write, and sets the clock. */
export class Heartbeat {
  private timer: NodeJS.Timeout | undefined;
  private beating: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly options: HeartbeatOptions) {}

  async start(): Promise<void> {
    await this.beat();
  }

  /** Takes the role out of the list of owners; where it still holds something, it is left there to be found dead. */
  async stop(isFree: boolean): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.beating;
    const { owners, guard } = this.options;
    if (isFree) await guard.attempt('leave', () => owners.leave());
    owners.die();
  }

  private beat(): Promise<void> {
    this.beating = this.beatOnce().then(succeeded => this.schedule(succeeded));
    return this.beating;
  }

  private schedule(succeeded: boolean): void {
    if (this.stopped) return;
    const { everyMs } = this.options;
    this.timer = setTimeout(() => this.beat(), succeeded ? everyMs : everyMs / triesPerBeat);
  }

  private async beatOnce(): Promise<boolean> {
    const { guard, alsoDo } = this.options;
    const done = await guard.attempt('heartbeat', async () => {
      await this.sayAlive();
      await this.renewLeases();
      return true;
    });
    if (done) await guard.attempt('housekeeping', alsoDo);
    return done === true;
  }

  private async sayAlive(): Promise<void> {
    const { owners, clock } = this.options;
    const asked = Date.now();
    const databaseTime = await owners.beat();
    if (clock instanceof DatabaseClock) clock.learn(databaseTime, asked);
  }

  private async renewLeases(): Promise<void> {
    const { inFlight, store, clock, leaseMs, onLost } = this.options;
    const tasks = inFlight.of(store);
    if (tasks.length === 0) return;
    const leaseUntil = new Date(clock.now().getTime() + leaseMs);
    const lost = new Set(await store.renew(tasks, leaseUntil));
    // What has ended hears it from its settle, which may be removing it at this moment.
    onLost(tasks.filter(task => lost.has(task._id) && inFlight.get(task)?.running));
  }
}
