import { type Clock, DatabaseClock } from '../../database';
import { timerMs } from '../../timing/timer-ms';
import type { InFlightTasks } from '../claim/in-flight';
import type { Task } from '../model/task';
import { type DatabaseGuard, heartbeatStep } from '../store/database-guard';
import type { TaskStore } from '../store/task-store';
import type { Owners } from './owners';

export interface HeartbeatOptions {
  owners: Pick<Owners, 'beat' | 'leave' | 'die'>;
  store: TaskStore;
  inFlight: InFlightTasks;
  guard: DatabaseGuard;
  clock: Clock;
  leaseMs: number;
  everyMs: number;
  /** Somebody else has these tasks now; mostly there are none. */
  onLost(tasks: Task[]): void;
  /** What else this role holds for a time only. It reports its own failures: it does not throw. */
  alsoRenew(): Promise<void>;
  /** What is done now and then. No beat waits for it, and while it is in progress it does not begin again. */
  alsoDo(): Promise<void>;
}

/** A beat that failed is tried again this many times in the time of one. */
const triesPerBeat = 8;

/** Says that the role lives, renews the leases of all that it holds in one write, and sets the clock. */
export class Heartbeat {
  private timer: NodeJS.Timeout | undefined;
  private beating: Promise<void> = Promise.resolve();
  private housekeeping: Promise<void> | undefined;
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
    await this.housekeeping;
    const { owners, guard } = this.options;
    if (isFree) await guard.attempt('leave', () => owners.leave());
    owners.die();
  }

  private beat(): Promise<void> {
    const begun = performance.now();
    this.beating = this.beatOnce().then(succeeded => this.schedule(succeeded, begun));
    return this.beating;
  }

  /** From beginning to beginning: a slow database must not make the beats rarer than the other roles expect them. */
  private schedule(succeeded: boolean, begun: number): void {
    if (this.stopped) return;
    const { everyMs } = this.options;
    const wait = succeeded ? begun + everyMs - performance.now() : everyMs / triesPerBeat;
    this.timer = setTimeout(() => this.beat(), timerMs(wait));
  }

  private async beatOnce(): Promise<boolean> {
    const { guard, alsoRenew } = this.options;
    const done = await guard.attempt(heartbeatStep, async () => {
      await this.sayAlive();
      await Promise.all([this.renewLeases(), alsoRenew()]);
      return true;
    });
    if (done) this.keepHouse();
    return done === true;
  }

  private keepHouse(): void {
    const { guard, alsoDo } = this.options;
    this.housekeeping ??= guard.attempt('housekeeping', alsoDo).finally(() => {
      this.housekeeping = undefined;
    });
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
