import type { Filter } from 'mongodb';
import type { DataIn, TaskTypeIn } from '../catalog';
import { show } from '../errors/plain-error';
import type { OfType, Task, TaskQueueOf } from '../queue';
import { jitterOf, nextRun } from './occurrences';
import { ScheduleChanges } from './schedule-changes';
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
import { type ParseTimes, Timetables } from './timetables';

export interface SchedulesConnection<C extends object> {
  /** A connected queue. Its database has the schedules, its keys sign them, and its clock judges them. */
  // biome-ignore lint/suspicious/noExplicitAny: the results of its tasks do not matter here
  queue: TaskQueueOf<C, any>;
  parseTimes: ParseTimes;
}

interface Connected<C extends object> extends Pick<SchedulesConnection<C>, 'queue'> {
  store: ScheduleStore;
  timetables: Timetables;
  changes: ScheduleChanges;
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
  private connected: Connected<C> | undefined;

  /** Any role may change schedules; a jobs role runs them. A second call replaces the first. */
  connect({ queue, parseTimes }: SchedulesConnection<C>): void {
    const { core } = queue;
    const store = new ScheduleStore(core.db);
    const timetables = new Timetables(parseTimes);
    const changes = new ScheduleChanges({ collection: store.collection, core, timetables });
    this.connected = { queue, store, timetables, changes };
  }

  /** The queue that they add to. @throws before `connect`. */
  get queue(): SchedulesConnection<C>['queue'] {
    return this.connection.queue;
  }

  /** The store of the schedules. @throws before `connect`. */
  get store(): ScheduleStore {
    return this.connection.store;
  }

  /** When each is to run. @throws before `connect`. */
  get timetables(): Timetables {
    return this.connection.timetables;
  }

  private get connection(): Connected<C> {
    if (this.connected) return this.connected;
    throw new Error(
      'Schedules are not connected yet: call them after the role has started (in Meteor.startup or later)',
    );
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
    return infoOf(await this.connection.changes.put(name, definition, paused));
  }

  /** Removes a schedule. Tasks that it has added already still run. @returns whether there was one. */
  async remove(name: string): Promise<boolean> {
    const { deletedCount } = await this.store.collection.deleteOne({ _id: nameOf(name, 'remove') });
    return deletedCount > 0;
  }

  /** No more runs until `resume`. @returns whether there is such a schedule. */
  async pause(name: string): Promise<boolean> {
    return this.connection.changes.setPaused(nameOf(name, 'pause'), true);
  }

  /** Lets a schedule run again from now on; runs during the pause are not made up for. @returns as `pause`. */
  async resume(name: string): Promise<boolean> {
    return this.connection.changes.setPaused(nameOf(name, 'resume'), false);
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
    const timetable = this.timetables.of({ ...schedule, _id });
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
    catalogVersion: ______,
    ...shown
  } = schedule;
  return { name, ...shown, ...(intendedAt && { nextAt: new Date(intendedAt.getTime() + jitterOf(schedule)) }) };
}

/** @throws TypeError if it is no name: an unset variable must not match some schedule. */
function nameOf(name: unknown, caller: string): string {
  if (typeof name === 'string' && name !== '') return name;
  throw new TypeError(`${caller}: ${show(name)} is not the name of a schedule`);
}

/** The first text after all that begin with this one. */
const endOf = (prefix: string) => `${prefix}\u{10ffff}`;
