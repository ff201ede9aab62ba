import { rounded } from '../protocol/task-types';
import type { WorkerProcess } from './worker-process';

/** One worker as the monitor shows it. */
export interface WorkerSnapshot {
  pid: number;
  state: 'starting' | 'idle' | 'busy' | 'leaving';
  startedAt: Date;
  /** Tasks it has finished. */
  finished: number;
  /** Resident memory in bytes; 0 until the worker has reported it. */
  rss: number;
  /** What it has used of the processor, in milliseconds, as far as it has told. */
  cpuMs: number;
  /** From 0 to 1: the share of the worker that is in use. */
  load: number;
  tasks: { taskId: string; taskType: string; startedAt?: Date }[];
}

export interface PoolSnapshot {
  /** Live worker processes. */
  workers: number;
  maxWorkers: number;
  /** Tasks that run now. */
  busy: number;
  /** Tasks that could run at once, if each took a worker of its own; none where no worker can start. */
  slots: number;
  /** Tasks that wait in the pool or inside a worker. */
  waiting: number;
  /** From 0 to 1: the share of all possible workers that is in use. */
  load: number;
  /** What all workers since the start have used of the processor, in milliseconds: it only grows. */
  cpuMs: number;
  processes: WorkerSnapshot[];
  /** `failing`: there is no worker, and none has started for long. */
  starts: 'ok' | 'failing';
}

export function snapshotOf(
  maxWorkers: number,
  waiting: number,
  { all, endedCpuMs, cannotStart }: { all: Iterable<WorkerProcess>; endedCpuMs: number; cannotStart: boolean },
): PoolSnapshot {
  const workers = [...all];
  const processes = workers.map(snapshotWorker);
  const tasks = processes.flatMap(worker => worker.tasks);
  const busy = tasks.filter(task => task.startedAt).length;
  return {
    workers: processes.length,
    maxWorkers,
    busy,
    slots: Math.max(cannotStart ? 0 : maxWorkers, busy),
    waiting: waiting + tasks.length - busy,
    load: rounded(Math.min(1, processes.reduce((sum, worker) => sum + worker.load, 0) / maxWorkers)),
    cpuMs: workers.reduce((sum, { cpuMs }) => sum + cpuMs, endedCpuMs),
    processes,
    starts: cannotStart ? 'failing' : 'ok',
  };
}

function snapshotWorker(worker: WorkerProcess): WorkerSnapshot {
  const attempts = [...worker.attempts.values()];
  const atRest = attempts.length === 0 ? 'idle' : 'busy';
  return {
    pid: worker.pid,
    state: worker.state === 'ready' ? atRest : worker.state,
    startedAt: new Date(worker.startedAt),
    finished: worker.finished,
    rss: worker.rss,
    cpuMs: Math.round(worker.cpuMs),
    load: rounded(Math.min(1, worker.load)),
    tasks: attempts.map(({ task, startedAt }) => ({
      taskId: task._id,
      taskType: task.taskType,
      ...(startedAt !== undefined && { startedAt: new Date(startedAt) }),
    })),
  };
}
