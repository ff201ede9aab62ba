import { unredacted } from '../catalog';
import { jobs } from '../link';
import { type ProcessRegistry, untakenTypes } from '../monitor/processes';
import { type CancelledTasks, type NewLimits, type Task, TaskQueue } from '../queue';
import { Schedules } from '../schedules';
import type { CodePauses } from '../schedules/code-pauses';
import type { ConsoleState, ShownLog } from './contract';
import type { ScheduleForm, TaskSelection } from './targets';
import { parseJson, taskSources } from './task-sources';
import { questionOf } from './views/tasks';
import type { AnyQueue } from './views/view';

/** What the console looks at and acts on. Every look is a bounded query. */
export interface ConsoleSources {
  state(): Promise<ConsoleState>;
  retry(id: string): Promise<void>;
  replay(id: string): Promise<string>;
  cancel(id: string): Promise<void>;
  runNow(id: string): Promise<void>;
  snooze(id: string): Promise<void>;
  raise(id: string): Promise<void>;
  remove(id: string): Promise<void>;
  /** @param payload as JSON. @returns the new task's id. */
  replayMended(id: string, payload: string): Promise<string>;
  /** @returns the id of the work. */
  bulk(selection: TaskSelection): Promise<string>;
  stopBulk(id: string): Promise<void>;
  attemptLog(taskId: string, startedAt: Date): Promise<ShownLog | undefined>;
  /** Of one task type, or of all. */
  pause(taskType: string | null): Promise<void>;
  resume(taskType: string | null): Promise<void>;
  runSchedule(name: string): Promise<void>;
  /** @param by the operator's name. */
  pauseScheduleOfCode(name: string, by: string): Promise<void>;
  resumeScheduleOfCode(name: string): Promise<void>;
  changeLimits(limits: { taskType: string } & NewLimits, by: string): Promise<void>;
  resetLimits(taskType: string): Promise<void>;
  /** @returns the id of the task. */
  runStoredSchedule(name: string): Promise<string>;
  pauseSchedule(name: string): Promise<void>;
  resumeSchedule(name: string): Promise<void>;
  removeSchedule(name: string): Promise<void>;
  putSchedule(form: ScheduleForm): Promise<void>;
  recycleWorker(roleId: string, pid: number): Promise<void>;
  drainRole(roleId: string): Promise<void>;
  /** @returns the id of the work. */
  retryBatch(id: string): Promise<string>;
  cancelBatch(id: string): Promise<CancelledTasks>;
  /** @param by the operator's name. */
  resolveError(fingerprint: string, by: string): Promise<void>;
  muteError(fingerprint: string, by: string): Promise<void>;
  reopenError(fingerprint: string, by: string): Promise<void>;
}

const tasksShown = 50;

/** The queue, the schedules, the link and the register of processes, as the console needs them. */
export function sourcesOf(registry: ProcessRegistry, codePauses: CodePauses): ConsoleSources {
  return {
    state: async () => {
      const [processes, counts, paused, failures, running] = await Promise.all([
        registry.list(),
        TaskQueue.counts(),
        TaskQueue.core.pauses.read(),
        newestFailed(),
        newestRunning(),
      ]);
      const untaken = untakenTypes(processes, Object.keys(TaskQueue.core.catalog));
      return {
        consoleProcesses: processes.map(({ details: _, ...process }) => process),
        consoleCounts: Object.keys({ ...TaskQueue.core.catalog, ...counts.byType }).map(taskType => ({
          ...nothing,
          ...withoutDates(counts.byType[taskType]),
          _id: taskType,
          paused: paused.all || paused.types.has(taskType),
          untaken: untaken.includes(taskType),
        })),
        consoleFailures: failures,
        consoleRunning: running,
        consoleWorkers: jobs
          .live()
          .map(({ _id, enabled, workers, slots, busy, load }) => ({ _id, enabled, workers, slots, busy, load })),
      };
    },
    retry: async id => {
      if (!(await TaskQueue.retry(id))) throw new Error(`there is no failed, cancelled or rejected task "${id}"`);
    },
    replay: id => TaskQueue.replay(id),
    cancel: async id => {
      if (!(await TaskQueue.cancel(id))) throw new Error(`there is no task "${id}" that has not finished`);
    },
    ...taskSources,
    pause: taskType => TaskQueue.pause(...known(taskType)),
    resume,
    ...limitSources,
    ...codeScheduleSources(codePauses),
    ...scheduleSources,
    recycleWorker: (roleId, pid) => jobs.recycleWorker(roleId, pid),
    drainRole: roleId => jobs.drain(roleId),
    ...batchSources,
    resolveError: (id, by) => there(`group of errors "${id}"`, TaskQueue.errors.resolve(id, { by })),
    muteError: (id, by) => there(`group of errors "${id}"`, TaskQueue.errors.mute(id, { by })),
    reopenError: (id, by) => there(`group of errors "${id}"`, TaskQueue.errors.reopen(id, { by })),
  };
}

const limitSources = {
  changeLimits: ({ taskType, ...limits }: { taskType: string } & NewLimits, by: string) =>
    TaskQueue.limits.override(taskType, limits, { by }),

  async resetLimits(taskType: string): Promise<void> {
    if (!(await TaskQueue.limits.reset(taskType)))
      throw new Error(`the limits of ${taskType} are those of the catalog`);
  },
};

const codeScheduleSources = (pauses: CodePauses) => ({
  runSchedule: (name: string) => jobs.runSchedule(name),

  /** A schedule that is paused by a slip of the pen would go on. */
  async pauseScheduleOfCode(name: string, by: string): Promise<void> {
    const known = jobs.live().some(({ schedules }) => schedules.some(schedule => schedule.name === name));
    if (!known) throw new Error(`no jobs role that is linked up has a schedule "${name}"`);
    await pauses.pause(name, by);
  },

  resumeScheduleOfCode: (name: string) => there(`schedule "${name}" of the code that is paused`, pauses.resume(name)),
});

const scheduleSources = {
  async runStoredSchedule(name: string): Promise<string> {
    const taskId = await Schedules.run(name);
    if (taskId === undefined) throw new Error(`there is no ${scheduleNamed(name)}`);
    return taskId;
  },

  pauseSchedule: (name: string) => there(scheduleNamed(name), Schedules.pause(name)),
  resumeSchedule: (name: string) => there(scheduleNamed(name), Schedules.resume(name)),
  removeSchedule: (name: string) => there(scheduleNamed(name), Schedules.remove(name)),

  async putSchedule({ data, ...form }: ScheduleForm): Promise<void> {
    const before = await Schedules.store.collection.findOne({ _id: form.name });
    const written = parseJson(data);
    const isSameType = before?.taskType === form.taskType;
    const kept = isSameType ? unredacted(TaskQueue.core.catalog, form.taskType, written, before?.data) : written;
    await Schedules.put({ ...form, data: kept } as never);
  },
};

const scheduleNamed = (name: string) => `stored schedule "${name}"`;

const batchSources = {
  async retryBatch(id: string): Promise<string> {
    const failed = { batch: id, state: { $in: ['failed', 'rejected'] as const } };
    return (await TaskQueue.retryAll(failed as never))._id;
  },

  async cancelBatch(id: string): Promise<CancelledTasks> {
    if (!(await TaskQueue.batch(id).read())) throw new Error(`there is no batch "${id}"`);
    return TaskQueue.cancel({ batch: id });
  },
};

async function there(what: string, changed: Promise<boolean>): Promise<void> {
  if (!(await changed)) throw new Error(`there is no ${what}`);
}

const nothing = { scheduled: 0, waiting: 0, queued: 0, running: 0, done: 0, failed: 0, cancelled: 0, rejected: 0 };

function withoutDates<T extends { oldestQueued?: Date }>(counts: T | undefined): Omit<T, 'oldestQueued'> | undefined {
  if (!counts) return undefined;
  const { oldestQueued: _, ...numbers } = counts;
  return numbers;
}

/** A type that is paused by a slip of the pen would pause nothing. */
function known(taskType: string | null): [] | [string] {
  if (taskType === null) return [];
  if (Object.hasOwn(TaskQueue.core.catalog, taskType)) return [taskType];
  throw new Error(`there is no task type "${taskType}"`);
}

/** @throws where nothing would come of it: a type rests as long as everything does. */
async function resume(taskType: string | null): Promise<void> {
  const which = known(taskType);
  if (which.length > 0 && (await TaskQueue.core.pauses.read()).all)
    throw new Error(`everything is paused: ${taskType} goes on when everything is resumed`);
  await TaskQueue.resume(...which);
}

async function newestFailed(): Promise<ConsoleState['consoleFailures']> {
  const { filter, sort } = await questionOf(TaskQueue as unknown as AnyQueue, { state: 'failed' });
  return (await TaskQueue.find(filter, { sort, limit: tasksShown }).fetchAsync()).map(shown);
}

async function newestRunning(): Promise<ConsoleState['consoleRunning']> {
  const options = { sort: { leaseUntil: -1 } as const, limit: tasksShown };
  return (await TaskQueue.find({ state: 'running' }, options).fetchAsync()).map(shown);
}

function shown({ _id, taskType, state, attempt, error, createdAt, finishedAt }: Task) {
  return {
    _id,
    taskType,
    state,
    attempts: attempt,
    createdAt,
    ...(error && { error: { name: error.name, message: error.message } }),
    ...(finishedAt && { finishedAt }),
  };
}
