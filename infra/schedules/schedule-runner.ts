import { catalogVersions } from '../catalog';
import { messageOf } from '../errors/plain-error';
import { TaskNotConfirmedError } from '../queue';
import type { QueueCore } from '../queue/api/queue-core';
import { newToken } from '../queue/model/ids';
import { isDatabaseAway } from '../queue/store/database-errors';
import type { KnownType } from '../queue/store/task-store';
import { ThrottledLog } from '../timing/throttled-log';
import { dueRuns, jitterOf } from './occurrences';
import type { Advance } from './schedule-store';
import { ScheduleWatch } from './schedule-watch';
import type { SchedulesOf } from './schedules';
import { findTaskProblem, notSigned, type StoredSchedule, signedPart, taskIdOf } from './stored-schedule';

export interface ScheduleRunnerOptions {
  schedules: SchedulesOf<object>;
  /** How often it reads if the database has no change streams. */
  pollMs: number;
  /** How long a claim of due schedules holds. Default: 10 s. */
  claimMs?: number;
}

/** How often it reads beside the change stream, as a safety net. */
const longestSleepMs = 30_000;
/**
 * The shortest time between two rounds, however many schedules there are; one round adds all that fall due together.
 */
const shortestPauseMs = 1_000;
const batch = 500;
const plannedAtOnce = 20;

/** A task to add, and its schedule. */
interface Plan extends Advance {
  tasks: object[];
}

/**
 * Adds the tasks of stored schedules when they fall due, in every jobs role, with one timer for the earliest of all. It
 * claims a batch, adds the tasks under ids that follow from schedule and time, and then moves the schedules on. If a
 * role dies in between, its claim stays, and another role repeats the work: tasks that were added are there already.
 */
export class ScheduleRunner {
  private readonly watch: ScheduleWatch;
  private readonly unknownTypes: ThrottledLog;
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;
  /** When the next round is planned, in milliseconds of the database's clock. */
  private plannedAt = Number.POSITIVE_INFINITY;
  private lookedAt = Number.NEGATIVE_INFINITY;
  private sleepMs = longestSleepMs;
  private failing = false;
  private stopped = false;

  constructor(private readonly options: ScheduleRunnerOptions) {
    const { schedules, pollMs } = options;
    const { db, emit } = schedules.queue.core;
    this.unknownTypes = new ThrottledLog(600_000, fields => emit('schedule.unknownType', fields));
    this.watch = new ScheduleWatch(db, schedules.store.collection, {
      due: at => this.planFor(at.getTime()),
      opened: () => this.planFor(0),
      unsupported: () => {
        this.sleepMs = pollMs;
        this.planFor(0);
      },
    });
  }

  async start(): Promise<void> {
    this.watch.start();
    this.planFor(0);
  }

  /** Resolves when no work is in progress. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.watch.stop();
    await this.looking;
  }

  private get core(): QueueCore {
    return this.options.schedules.queue.core;
  }

  private now(): Date {
    return this.core.clock.now();
  }

  /** Plans a round at that time, if none is planned earlier. A round in progress plans the next one by itself. */
  private planFor(at: number): void {
    if (this.stopped || at >= this.plannedAt) return;
    this.plannedAt = at;
    if (this.looking) return;
    const rest = this.lookedAt + shortestPauseMs - performance.now();
    const wait = Math.min(Math.max(at - this.now().getTime(), rest, 0), this.sleepMs);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.turn(), wait).unref();
  }

  private turn(): void {
    this.plannedAt = Number.POSITIVE_INFINITY;
    this.lookedAt = performance.now();
    this.looking = this.look().then(next => {
      this.looking = undefined;
      const hinted = this.plannedAt;
      this.plannedAt = Number.POSITIVE_INFINITY;
      this.planFor(Math.min(next, hinted, this.now().getTime() + this.sleepMs));
    });
  }

  /** Adds what is due. Never throws. @returns when the next one is due. */
  private async look(): Promise<number> {
    try {
      const next = await this.addDue();
      this.failing = false;
      return next?.getTime() ?? Number.POSITIVE_INFINITY;
    } catch (error) {
      // The role itself reports that the database is away.
      if (!this.failing && !isAway(error)) this.core.emit('schedule.failed', { error });
      this.failing = true;
      return 0;
    }
  }

  private async addDue(): Promise<Date | undefined> {
    const { store } = this.options.schedules;
    await this.reportUnknown();
    for (;;) {
      const next = await store.earliest(this.knownTypes());
      if (this.stopped || !next || next > this.now()) return next;
      // Another role was faster with all of them.
      if ((await this.addBatch()) === 0) return new Date(this.now().getTime() + shortestPauseMs);
    }
  }

  private knownTypes(): KnownType[] {
    return catalogVersions(this.core.catalog);
  }

  /** claim → plan → add → advance. @returns how many schedules it has handled. */
  private async addBatch(): Promise<number> {
    const { schedules, claimMs = 10_000 } = this.options;
    const claim = newToken();
    const claimedAt = performance.now();
    const now = this.now();
    const claimed = await schedules.store.claim(this.knownTypes(), now, { claim, claimMs, limit: batch });
    const plans = await this.planAll(claimed, now);
    // A process that was suspended no longer owns the claim.
    if (performance.now() - claimedAt > claimMs) return 0;
    await this.add(plans);
    await schedules.store.advance(claim, plans);
    this.report(plans);
    return claimed.length;
  }

  /** Handles some at a time: finding the next of hundreds of dates takes time, and this process has other work. */
  private async planAll(claimed: readonly StoredSchedule[], now: Date): Promise<Plan[]> {
    const plans: Plan[] = [];
    for (const schedule of claimed) {
      plans.push(this.plan(schedule, now));
      if (plans.length % plannedAtOnce === 0) await new Promise(setImmediate);
    }
    return plans;
  }

  private plan(schedule: StoredSchedule, now: Date): Plan {
    const refused = this.refusal(schedule);
    if (refused !== undefined) return { schedule, tasks: [], runs: [], problem: refused };
    try {
      return this.planTrusted(schedule, now);
    } catch (error) {
      return { schedule, tasks: [], runs: [], problem: messageOf(error) };
    }
  }

  /** Write access to the database alone must not be enough to have a role sign tasks. */
  private refusal(schedule: StoredSchedule): string | undefined {
    const { signer } = this.core;
    if (signer.verifyRecord('schedule', signedPart(schedule), schedule.signature)) return undefined;
    return notSigned;
  }

  private planTrusted(schedule: StoredSchedule, now: Date): Plan {
    const { schedules } = this.options;
    const { _id, taskType, data } = schedule;
    const { runs, next, missed } = dueRuns(schedule, schedules.timetables.of(schedule), now);
    const problem = findTaskProblem(schedule, this.core.catalog);
    return {
      schedule,
      missed,
      runs: runs.map(intendedAt => ({ intendedAt, addedAt: now, ...(problem !== undefined && { problem }) })),
      tasks:
        problem === undefined
          ? runs.map(dueDate => ({ taskType, data, _id: taskIdOf(_id, dueDate), once: true, dueDate }))
          : [],
      ...(next && { next: { intendedAt: next, dueAt: new Date(next.getTime() + jitterOf(schedule)) } }),
    };
  }

  /** Adds all at once; if one is refused, adds them one schedule at a time, so that it holds up no other. */
  private async add(plans: Plan[]): Promise<void> {
    const { queue } = this.options.schedules;
    const tasks = plans.flatMap(plan => plan.tasks);
    if (tasks.length === 0) return;
    try {
      await queue.addTasks(tasks as never);
    } catch (error) {
      if (isAway(error)) throw error;
      for (const plan of plans) await this.addAlone(plan);
    }
  }

  private async addAlone(plan: Plan): Promise<void> {
    try {
      await this.options.schedules.queue.addTasks(plan.tasks as never);
    } catch (error) {
      if (isAway(error)) throw error;
      plan.runs = plan.runs.map(run => ({ ...run, problem: messageOf(error) }));
    }
  }

  private report(plans: readonly Plan[]): void {
    const { emit } = this.core;
    const count = plans.flatMap(({ runs }) => runs).filter(({ problem }) => problem === undefined).length;
    if (count > 0) emit('schedule.added', { count });
    const missed = plans.filter(plan => plan.missed).length;
    if (missed > 0) emit('schedule.missed', { count: missed });
    for (const { schedule, runs, problem } of plans) {
      const about = { schedule: schedule._id, taskType: schedule.taskType };
      if (problem !== undefined) emit('schedule.stopped', { ...about, why: problem });
      const refused = runs.find(run => run.problem !== undefined);
      if (refused) emit('schedule.refused', { ...about, why: refused.problem });
    }
  }

  /** Another version of the app may know its type, or that version of it: leaves it to that one, but logs it. */
  private async reportUnknown(): Promise<void> {
    const minuteAgo = new Date(this.now().getTime() - 60_000);
    const overdue = await this.options.schedules.store.overdue(this.knownTypes(), minuteAgo);
    if (overdue) this.unknownTypes.log({ schedule: overdue._id, taskType: overdue.taskType });
  }
}

function isAway(error: unknown): boolean {
  return error instanceof TaskNotConfirmedError || isDatabaseAway(error);
}
