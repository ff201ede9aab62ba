import type { Filter, UpdateFilter } from 'mongodb';
import type { DataIn, TaskTypeIn } from '../catalog';
import { messageOf, show } from '../errors/plain-error';
import type { OfType, Task, TaskQueueOf } from '../queue';
import { duplicateKey } from '../queue/store/mongo-insert';
import { everySo, jitterOf, nextRun, type Timetable } from './occurrences';
import { ScheduleStore } from './schedule-store';
import {
  InvalidScheduleError,
  type NewSchedule,
  notSigned,
  parseSchedule,
  runsKept,
  type ScheduleDefinition,
  type ScheduleRun,
  type StoredSchedule,
  signedPart,
  taskIdOf,
} from './stored-schedule';

/** Makes the timetable of a cron expression or a text. @throws Error that names the part that doesn't parse. */
export type ParseTimes = (times: { name: string; cron?: string; text?: string; timezone: string }) => Timetable;

export interface SchedulesConnection<C extends object> {
  /** A connected queue. Its database has the schedules, its keys sign them, and its clock judges them. */
  // biome-ignore lint/suspicious/noExplicitAny: the results of its tasks do not matter here
  queue: TaskQueueOf<C, any>;
  parseTimes: ParseTimes;
}

/** A schedule as `list` shows it. */
export interface ScheduleInfo extends ScheduleDefinition {
  name: string;
  paused: boolean;
  createdAt: Date;
  changedAt: Date;
  /** When its next task is added, the jitter included. Absent while it is paused, and after its last run. */
  nextAt?: Date;
  /** Why it has stopped for good. `put` starts it again. */
  problem?: string;
}

/** One of the last 30 runs of a schedule. */
export interface RunInfo extends ScheduleRun, Partial<Pick<Task, 'state' | 'finishedAt' | 'error'>> {
  /** The state of the task that it has added; absent when its retention is over. */
  taskId: string;
}

export interface ListOptions {
  taskType?: string;
  paused?: boolean;
  /** Only names that begin so: `customer-7:`. */
  prefix?: string;
  /** Only names after this one: the last name of the list before. */
  after?: string;
  /** Default: 100. */
  limit?: number;
}

/** The schedules of an app with the catalog C that people change: kept in MongoDB, run by the jobs roles. */
export class SchedulesOf<C extends object> {
  private connection: SchedulesConnection<C> | undefined;
  private kept: ScheduleStore | undefined;
  /** Caches timetables: thousands of schedules share a few times, and parsing takes longer than all the rest. */
  private readonly timetables = new Map<string, Timetable>();

  /** Any role may change schedules; a jobs role runs them. A second call replaces the first. */
  connect(connection: SchedulesConnection<C>): void {
    this.connection = connection;
    this.kept = new ScheduleStore(connection.queue.core.db);
  }

  /** The queue that they add to. @throws before `connect`. */
  get queue(): SchedulesConnection<C>['queue'] {
    return (this.connection ?? notConnected()).queue;
  }

  /** The store of the schedules. @throws before `connect`. */
  get store(): ScheduleStore {
    return this.kept ?? notConnected();
  }

  /**
   * Creates a schedule, or changes the one with its name. Putting the same again changes nothing, so an app may put its
   * own at each start: the next run stays, and a paused schedule stays paused.
   *
   * @throws InvalidScheduleError with all problems at once.
   */
  async put<T extends TaskTypeIn<C>>(schedule: OfType<T> & NewSchedule<DataIn<C, NoInfer<T>>>): Promise<ScheduleInfo> {
    const { catalog } = this.queue.core;
    const { name, paused, definition } = parseSchedule(schedule as object as Record<string, unknown>, catalog);
    for (;;) {
      const before = await this.find(name);
      const after = this.changed(name, before, definition, paused ?? before?.paused ?? false);
      if (await this.write(before, after)) return infoOf(after);
    }
  }

  /** Removes a schedule. Tasks that it has added already still run. @returns whether there was one. */
  async remove(name: string): Promise<boolean> {
    const { deletedCount } = await this.store.collection.deleteOne({ _id: nameOf(name, 'remove') });
    return deletedCount > 0;
  }

  /** No more runs until `resume`. @returns whether there is such a schedule. */
  async pause(name: string): Promise<boolean> {
    return this.setPaused(nameOf(name, 'pause'), true);
  }

  /** Lets a schedule run again from now on; runs during the pause are not made up for. @returns as `pause`. */
  async resume(name: string): Promise<boolean> {
    return this.setPaused(nameOf(name, 'resume'), false);
  }

  /** The schedules by name, 100 at a time: for the next hundred pass the last name of these as `after`. */
  async list({ taskType, paused, prefix, after, limit = 100 }: ListOptions = {}): Promise<ScheduleInfo[]> {
    const behind = { ...(prefix && { $gte: prefix, $lt: endOf(prefix) }), ...(after !== undefined && { $gt: after }) };
    const filter: Filter<StoredSchedule> = {
      ...(Object.keys(behind).length > 0 && { _id: behind }),
      ...(taskType !== undefined && { taskType }),
      ...(paused !== undefined && { paused }),
    };
    const found = this.store.collection.find(filter, { projection: { runs: 0 } });
    return (await found.sort({ _id: 1 }).limit(limit).toArray()).map(infoOf);
  }

  /** The last 30 runs of a schedule, the newest first, each with the state of its task. */
  async runs(name: string): Promise<RunInfo[]> {
    return (await this.runsOf([nameOf(name, 'runs')])).get(name) ?? [];
  }

  /** The same of some schedules, by their names, with two questions in all. */
  async runsOf(names: readonly string[]): Promise<Map<string, RunInfo[]>> {
    const found = this.store.collection.find({ _id: { $in: [...names] } }, { projection: { runs: 1 } });
    const all = (await found.toArray()).map(({ _id: name, runs }) => ({
      name,
      // What somebody wrote straight into the database may lack them.
      runs: (runs ?? []).map(run => ({ ...run, taskId: taskIdOf(name, run.intendedAt) })),
    }));
    const ids = all.flatMap(({ runs }) => runs.map(({ taskId }) => taskId));
    const projection = { state: 1, finishedAt: 1, error: 1 };
    const tasks = await this.queue.find({ _id: { $in: ids } }, { projection }).fetchAsync();
    const byId = new Map(tasks.map(({ _id, ...shown }) => [_id, shown]));
    return new Map(
      all.map(({ name, runs }) => [name, runs.reverse().map(run => ({ ...run, ...byId.get(run.taskId) }))]),
    );
  }

  /** The next runs of a schedule, as `list` shows it; none while it is paused. */
  upcoming(schedule: ScheduleInfo, count: number): Date[] {
    const { name: _id, nextAt, until, jitter } = schedule;
    if (!nextAt) return [];
    const late = jitterOf({ _id, jitter });
    const timetable = this.timetableOf({ ...schedule, _id });
    const runs: Date[] = [];
    for (
      let next: Date | undefined = new Date(nextAt.getTime() - late);
      next && runs.length < count;
      next = nextRun(timetable, next.getTime(), until)
    )
      runs.push(new Date(next.getTime() + late));
    return runs;
  }

  /**
   * Adds the task of a schedule now, beside its times, paused or not.
   *
   * @returns the task's id, or undefined where there is no such schedule.
   * @throws where its signature does not verify, or its task is no valid one any more.
   */
  async run(name: string): Promise<string | undefined> {
    const { collection } = this.store;
    const schedule = await collection.findOne({ _id: nameOf(name, 'run') }, { projection: { runs: 0 } });
    if (!schedule) return undefined;
    const { signer, clock } = this.queue.core;
    if (!signer.verifyRecord('schedule', signedPart(schedule), schedule.signature))
      throw new InvalidScheduleError([`${name}: ${notSigned}`]);
    const now = clock.now();
    const { taskType, data } = schedule;
    const _id = taskIdOf(name, now);
    await this.queue.addTask({ taskType, data, _id, once: true } as never);
    const run = { intendedAt: now, addedAt: now };
    await collection.updateOne({ _id: name }, { $push: { runs: { $each: [run], $slice: -runsKept } } });
    return _id;
  }

  /** @throws InvalidScheduleError if its times don't parse, or never come. */
  timetableOf(schedule: Pick<StoredSchedule, '_id' | 'createdAt' | keyof ScheduleDefinition>): Timetable {
    const { _id: name, cron, text, every, timezone = 'UTC', createdAt } = schedule;
    if (every !== undefined) return everySo(every, createdAt);
    const key = JSON.stringify([cron, text, timezone]);
    const timetable = this.timetables.get(key) ?? this.parse({ name, ...(cron ? { cron } : { text }), timezone });
    if (this.timetables.size >= timetablesKept) this.timetables.clear();
    this.timetables.set(key, timetable);
    return timetable;
  }

  private parse(times: Parameters<ParseTimes>[0]): Timetable {
    try {
      return (this.connection ?? notConnected()).parseTimes(times);
    } catch (error) {
      throw new InvalidScheduleError([messageOf(error)]);
    }
  }

  private find(name: string): Promise<StoredSchedule | null> {
    return this.store.collection.findOne({ _id: name }, { projection: { runs: 0 } });
  }

  private changed(
    name: string,
    before: StoredSchedule | null,
    definition: ScheduleDefinition,
    paused: boolean,
  ): StoredSchedule {
    const { clock, signer } = this.queue.core;
    const now = clock.now();
    const schedule: StoredSchedule = {
      _id: name,
      ...definition,
      createdAt: before?.createdAt ?? now,
      changedAt: now,
      revision: (before?.revision ?? 0) + 1,
      paused,
      runs: [],
    };
    const signature = signer.signRecord('schedule', signedPart(schedule));
    return { ...schedule, ...(signature && { signature }), ...this.nextOf(schedule, before, now) };
  }

  /** A change of the task leaves the next run as it is; a change of the times begins from now. */
  private nextOf(after: StoredSchedule, before: StoredSchedule | null, now: Date): Next {
    const timetable = this.timetableOf(after);
    if (before && isSameTime(before, after)) {
      const { intendedAt, dueAt, claim } = before;
      return { ...(intendedAt && { intendedAt, dueAt }), ...(claim !== undefined && { claim }) };
    }
    const intendedAt = after.paused ? undefined : nextRun(timetable, now.getTime(), after.until);
    return intendedAt ? { intendedAt, dueAt: new Date(intendedAt.getTime() + jitterOf(after)) } : {};
  }

  /** @returns false if another process was faster. */
  private async write(before: StoredSchedule | null, after: StoredSchedule): Promise<boolean> {
    const { collection } = this.store;
    if (!before) return collection.insertOne(after).then(() => true, unlessThere);
    const { _id, runs: _, ...fields } = after;
    const keepsTime = isSameTime(before, after);
    // A role may be adding its tasks right now: this must not overwrite its claim and the next run that it sets.
    const { intendedAt, dueAt, claim, ...definition } = fields;
    const gone = [...optionalFields, ...(keepsTime ? [] : timeFields)].filter(name => after[name] === undefined);
    const update: UpdateFilter<StoredSchedule> = {
      $set: { ...definition, ...(!keepsTime && intendedAt && { intendedAt, dueAt }) },
      ...(gone.length > 0 && { $unset: Object.fromEntries(gone.map(name => [name, ''])) }),
    };
    const { matchedCount } = await collection.updateOne({ _id, revision: before.revision }, update);
    return matchedCount === 1;
  }

  private async setPaused(name: string, paused: boolean): Promise<boolean> {
    for (;;) {
      const before = await this.find(name);
      if (!before) return false;
      const after = { ...before, paused, changedAt: this.queue.core.clock.now(), revision: before.revision + 1 };
      const { intendedAt: _, dueAt: __, claim: ___, ...rest } = after;
      if (await this.write(before, { ...rest, ...this.nextOf(rest, before, after.changedAt) })) return true;
    }
  }
}

type Next = Pick<StoredSchedule, 'intendedAt' | 'dueAt' | 'claim'>;

const optionalFields = ['cron', 'text', 'every', 'timezone', 'until', 'signature', 'problem'] as const;
const timeFields = ['intendedAt', 'dueAt', 'claim'] as const;

function isSameTime(one: StoredSchedule, other: StoredSchedule): boolean {
  const timesOf = ({ cron, text, every, timezone, jitter, until, paused, problem }: StoredSchedule) =>
    JSON.stringify([cron, text, every, timezone, jitter, until, paused, problem]);
  return timesOf(one) === timesOf(other);
}

function infoOf(schedule: StoredSchedule): ScheduleInfo {
  const {
    _id: name,
    intendedAt,
    dueAt: _,
    claim: __,
    signature: ___,
    revision: ____,
    runs: _____,
    ...shown
  } = schedule;
  return { name, ...shown, ...(intendedAt && { nextAt: new Date(intendedAt.getTime() + jitterOf(schedule)) }) };
}

/** @throws TypeError if it is no name: an unset variable must not match some schedule. */
function nameOf(name: unknown, caller: string): string {
  if (typeof name === 'string' && name !== '') return name;
  throw new TypeError(`${caller}: ${show(name)} is not the name of a schedule`);
}

const timetablesKept = 1_000;

function unlessThere(error: { code?: unknown }): boolean {
  if (error.code === duplicateKey) return false;
  throw error;
}

/** The first text after all that begin with this one. */
const endOf = (prefix: string) => `${prefix}\u{10ffff}`;

function notConnected(): never {
  throw new Error('Schedules are not connected yet: call them after the role has started (in Meteor.startup or later)');
}
