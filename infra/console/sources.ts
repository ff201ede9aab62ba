import { jobs } from '../link';
import { type ProcessRegistry, untakenTypes } from '../monitor/processes';
import { type Task, TaskQueue } from '../queue';
import type { ConsoleState, ShownProcess } from './contract';

/** What the console looks at and acts on. Every look is a bounded query. */
export interface ConsoleSources {
  state(): Promise<ConsoleState>;
  retry(id: string): Promise<void>;
  replay(id: string): Promise<string>;
  cancel(id: string): Promise<void>;
  /** Of one task type, or of all. */
  pause(taskType: string | null): Promise<void>;
  resume(taskType: string | null): Promise<void>;
  runSchedule(name: string): Promise<void>;
}

const tasksShown = 50;

/** The queue, the link and the register of processes, as the console needs them. */
export function sourcesOf(registry: ProcessRegistry): ConsoleSources {
  return {
    state: async () => {
      const [processes, counts, paused, failures, running] = await Promise.all([
        registry.list(),
        TaskQueue.counts(),
        TaskQueue.core.pauses.read(),
        newest('failed', { finishedAt: -1 }),
        newest('running', { leaseUntil: -1 }),
      ]);
      const untaken = untakenTypes(processes, Object.keys(TaskQueue.core.catalog));
      return {
        consoleProcesses: processes.map(({ details, ...process }) => ({ ...process, ...heldLoopOf(details) })),
        consoleCounts: Object.keys({ ...TaskQueue.core.catalog, ...counts.byType }).map(taskType => ({
          ...nothing,
          ...withoutDates(counts.byType[taskType]),
          _id: taskType,
          paused: paused.all || paused.types.has(taskType),
          pausedWithAll: paused.all,
          untaken: untaken.includes(taskType),
        })),
        consoleFailures: failures,
        consoleRunning: running,
        consoleWorkers: jobs.live().map(({ schedules: _, at: __, ...workers }) => workers),
        consoleSchedules: schedules(),
      };
    },
    retry: async id => {
      if (!(await TaskQueue.retry(id))) throw new Error(`there is no failed, cancelled or rejected task "${id}"`);
    },
    replay: id => TaskQueue.replay(id),
    cancel: async id => {
      if (!(await TaskQueue.cancel(id))) throw new Error(`there is no task "${id}" that has not finished`);
    },
    pause: taskType => TaskQueue.pause(...known(taskType)),
    resume,
    runSchedule: name => jobs.runSchedule(name),
  };
}

/** What was written by another version may be anything. */
function heldLoopOf({ heldLoop }: Record<string, unknown>): Pick<ShownProcess, 'heldLoop'> {
  if (!Array.isArray(heldLoop) || heldLoop.length === 0) return {};
  return {
    heldLoop: heldLoop.map(({ taskType, longestMs }) => ({ taskType: `${taskType}`, longestMs: Number(longestMs) })),
  };
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

async function newest(state: 'failed' | 'running', sort: Record<string, -1>): Promise<ConsoleState['consoleFailures']> {
  const tasks = await TaskQueue.find({ state }, { sort, limit: tasksShown }).fetchAsync();
  return tasks.map(shown);
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

/** Several jobs roles run the same schedules: one of them is enough to be seen. */
function schedules(): ConsoleState['consoleSchedules'] {
  const byName = new Map(jobs.live().flatMap(({ schedules }) => schedules.map(one => [one.name, one] as const)));
  return [...byName.values()].map(({ name, nextAt }) => ({ _id: name, ...(nextAt && { nextAt }) }));
}
