import { priorityClassOf } from '../../catalog';
import type { Clock } from '../../database';
import { messageOf } from '../../errors/plain-error';
import type { Emit } from '../../monitor/events';
import { GrowingPause } from '../../timing/growing-pause';
import { outside } from '../../timing/outside';
import { Pace } from '../../timing/pace';
import { timerMs } from '../../timing/timer-ms';
import type { Claimer } from '../claim/claimer';
import { type InFlightTasks, StaleClaims } from '../claim/in-flight';
import type { Overload } from '../claim/overload';
import type { Executor } from '../model/executor';
import type { Task } from '../model/task';
import type { Completer } from '../settle/completer';
import { type DatabaseGuard, retryPauses } from '../store/database-guard';
import type { KnownType, TaskStore } from '../store/task-store';
import { Rush } from './rush';

export interface FetchLoopOptions {
  /** Where tasks come from, in the order of asking. */
  sources: { store: TaskStore; claimer: Claimer }[];
  executor: Executor;
  inFlight: InFlightTasks;
  completer: Completer;
  overload: Overload;
  guard: DatabaseGuard;
  clock: Clock;
  batch: number;
  /** How many tasks the role runs at once. */
  limit: number;
  claimableTypes(store: TaskStore): readonly KnownType[];
  /** Tasks come so fast that it looks for more by itself: it needs not be told of any. */
  onBusy(): void;
  /** A task that is in flight here has been claimed again: its earlier attempt is void, and nothing begins by this claim. */
  onStale(earlier: Task, claimed: Task): void;
  /** Where the last look was at a part of the queue: when it must look at the whole, in ms. */
  wholeLookDueInMs(): number | undefined;
  /** Nothing is left to claim. */
  onIdle(): void;
  emit: Emit;
}

const quietMs = 300;
/** What comes one by one in a row is claimed together: a round trip costs the database more than a task. */
const paceMs = 5;
/** In a rush: how soon it looks again after nothing was left. */
const lookEveryMs = 10;

/** Claims as long as there is room and work, one claim at a time, while earlier tasks run and settle. */
export class FetchLoop {
  private running = false;
  private fetching: Promise<void> | undefined;
  private again = false;
  private readonly retryPause = new GrowingPause(retryPauses);
  private timer: NodeJS.Timeout | undefined;
  private quietTimer: NodeJS.Timeout | undefined;
  private readonly closedTypes = new Map<string, Date>();
  private failure: string | undefined;
  /** Whether the last claim was asked of every source: it did not fail, there was room, and no overload paused it. */
  private hasLooked = false;

  private readonly stale: StaleClaims;
  private readonly pace = new Pace(paceMs);
  private readonly rush = new Rush();

  constructor(private readonly options: FetchLoopOptions) {
    this.stale = new StaleClaims((task, store) =>
      options.completer.add({ task, outcome: { kind: 'handedBack' } }, store),
    );
  }

  start(): void {
    this.running = true;
    this.wake();
  }

  /** Resolves when no claim is under way any more. */
  async stop(): Promise<void> {
    this.running = false;
    clearTimeout(this.timer);
    await this.fetching;
    clearTimeout(this.quietTimer);
    this.stale.stop();
  }

  /** There may be work, or room. */
  wake(): void {
    this.again = true;
    if (!this.running) return;
    this.fetching ??= outside(() => this.fetch()).finally(() => {
      this.fetching = undefined;
      if (this.again) this.wake();
    });
  }

  /** The slow poll. */
  async tick(): Promise<void> {
    this.wake();
    await this.fetching;
  }

  /** Why the last claim failed; undefined where it did not, or where there was nothing to claim for. */
  get claimFailure(): string | undefined {
    return this.failure;
  }

  /** Leaves a type alone until its rate window is over. */
  closeUntil(taskType: string, until: Date): void {
    this.closedTypes.set(taskType, until);
    this.wakeAt(until);
  }

  /** The limits of types may have changed. */
  reopenTypes(): void {
    this.closedTypes.clear();
    this.wake();
  }

  private wakeAt(date: Date): void {
    const wait = date.getTime() - this.options.clock.now().getTime() + 1;
    const timer = setTimeout(() => this.wake(), timerMs(wait));
    timer.unref();
  }

  private async fetch(): Promise<void> {
    clearTimeout(this.quietTimer);
    do {
      await this.pace.next();
      this.again = false;
      while (this.running && (await this.claimOnce()));
    } while (this.again && this.running);
    this.lookAgainOrRest();
  }

  private lookAgainOrRest(): void {
    const { onIdle } = this.options;
    // Full of long tasks: nothing is claimed for a while, but a cancel must be heard at once.
    if (this.room() <= 0) this.quietTimer = setTimeout(onIdle, quietMs);
    else if (this.hasLooked && this.rush.isOn) this.wakeIn(lookEveryMs);
    else {
      onIdle();
      // After a failure its pause says when to look again, and in an overload its end: a look that is due shortens neither.
      const dueInMs = this.hasLooked ? this.options.wholeLookDueInMs() : undefined;
      if (dueInMs !== undefined) this.wakeIn(dueInMs);
    }
  }

  private wakeIn(ms: number): void {
    this.quietTimer = setTimeout(() => this.wake(), ms);
  }

  private room(): number {
    const { executor, inFlight, limit } = this.options;
    return Math.min(executor.room(), limit - inFlight.countRunning());
  }

  /** @returns whether to claim again at once. */
  private async claimOnce(): Promise<boolean> {
    this.hasLooked = false;
    const minPriority = this.options.overload.minPriority();
    if (this.room() <= 0 || minPriority === Number.POSITIVE_INFINITY) {
      this.failure = undefined;
      return false;
    }
    let more = false;
    for (const { store, claimer } of this.options.sources) {
      const limit = Math.min(this.room(), this.options.batch);
      if (limit <= 0) return false;
      try {
        const claimed = await claimer.claim({ limit, types: this.claimableTypes(store), minPriority });
        this.take(store, claimed);
        more ||= claimed.more;
      } catch (error) {
        this.failure = messageOf(error);
        this.options.guard.failed('claim', error);
        this.retryLater();
        return false;
      }
    }
    this.hasLooked = true;
    this.failure = undefined;
    this.retryPause.reset();
    this.options.guard.succeeded('claim');
    return more && this.room() > 0;
  }

  private take(store: TaskStore, { tasks: claimed, ended }: Awaited<ReturnType<Claimer['claim']>>): void {
    const { inFlight, executor, completer, emit } = this.options;
    this.rush.claimed(claimed.length);
    if (this.rush.isOn) this.options.onBusy();
    const tasks = claimed.filter(task => !this.isStale(task, store));
    for (const task of [...tasks, ...ended.map(one => one.task)]) inFlight.add(task, store);
    for (const report of ended) {
      inFlight.ended(report.task);
      completer.add(report, store);
    }
    if (tasks.length === 0) return;
    emit('task.claimed', { count: tasks.length, priority: priorityClassOf(tasks[0]?.priority ?? 0) });
    executor.execute(tasks);
  }

  /** Whether an earlier attempt of the task, from before it was taken from us, is still running here: that attempt is ended. */
  private isStale(task: Task, store: TaskStore): boolean {
    const before = this.options.inFlight.find(task._id);
    if (!before || before.store !== store) return false;
    this.options.onStale(before.task, task);
    this.stale.add(task, store);
    return true;
  }

  private claimableTypes(store: TaskStore): readonly KnownType[] {
    const now = this.options.clock.now();
    for (const [taskType, until] of this.closedTypes) if (until <= now) this.closedTypes.delete(taskType);
    return this.options.claimableTypes(store).filter(({ taskType }) => !this.closedTypes.has(taskType));
  }

  private retryLater(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.wake(), this.retryPause.next());
  }
}
