import { fits } from '../protocol/task-types';
import type { Attempt } from './attempt-registry';
import type { RecycleLimits } from './pool-options';
import type { WorkerProcess } from './worker-process';

/** The reason to replace a worker for its age, its tasks or its memory; undefined while there is none. */
export function whyRecycle(
  { finished, ageMs, rss }: { finished: number; ageMs: number; rss: number },
  limits: RecycleLimits,
): string | undefined {
  if (limits.tasks > 0 && finished >= limits.tasks) return `it has run ${finished} tasks (limit ${limits.tasks})`;
  if (limits.rssBytes > 0 && rss > limits.rssBytes)
    return `it holds ${megabytes(rss)} of memory (limit ${megabytes(limits.rssBytes)})`;
  if (limits.ageMs > 0 && ageMs >= limits.ageMs) return `it is ${ageMs} ms old (limit ${limits.ageMs} ms)`;
  return undefined;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MB`;
}

/** A worker that is silent about its tasks for so long hangs, in one of them or in leftovers of an earlier one. */
const unresponsiveMs = 30_000;
/** On an overloaded machine, silence is no sign yet. */
const minPatienceMs = 5_000;

/** Whether a worker hangs, maybe in a task that is not known to have begun, so that no time-out runs. */
export function hangs(worker: WorkerProcess, abortGraceMs: number, now: number): boolean {
  const attempt = worker.killedBecause === undefined && unheardOf([...worker.attempts.values()]);
  if (!attempt) return false;
  const patience = Math.max(minPatienceMs, Math.min(unresponsiveMs, attempt.timeoutMs + abortGraceMs));
  return now - Math.max(worker.lastMessageAt, attempt.givenAt) > patience;
}

/**
 * The first attempt that must have begun, and is not known to. Beside one that is known to have begun that is a quick one
 * only: it can block its worker before its start is sent. Any other one tells of its start at once, and waits for one
 * whose time-out runs.
 */
function unheardOf(attempts: readonly Attempt[]): Attempt | undefined {
  if (attempts.every(({ startedAt }) => startedAt === undefined)) return attempts[0];
  let load = 0;
  for (const attempt of attempts) {
    if (!fits(load, attempt.weight)) return undefined;
    load += attempt.weight;
    if (attempt.quick && attempt.startedAt === undefined) return attempt;
  }
  return undefined;
}

const firstPatience = 2;
const maxPatience = 1_024;

interface Streak {
  failures: number;
  readonly taskTypes: Set<string>;
}

/**
 * Finds workers that a handler has damaged: tasks of different types fail in them, one after the other. The same
 * happens in healthy workers when a database or a service is away. Then those types fail in the next worker too, and
 * this class waits for more failures each time, so that the pool doesn't spend its time on starting workers.
 */
export class FailureStreaks {
  private readonly streaks = new WeakMap<object, Streak>();
  private patience = firstPatience;
  private suspects: ReadonlySet<string> = new Set();

  succeeded(worker: object, taskType: string): void {
    this.streaks.delete(worker);
    if (this.suspects.has(taskType)) this.patience = firstPatience;
  }

  /** @returns why the worker counts as damaged; undefined while it doesn't. */
  failed(worker: object, taskType: string): string | undefined {
    const streak = this.streaks.get(worker) ?? { failures: 0, taskTypes: new Set() };
    this.streaks.set(worker, streak);
    streak.failures += 1;
    streak.taskTypes.add(taskType);
    if (streak.taskTypes.size < 2 || streak.failures < this.patience) return undefined;
    this.streaks.delete(worker);
    this.suspects = streak.taskTypes;
    this.patience = Math.min(maxPatience, this.patience * 2);
    return `tasks of different types failed in it in a row: ${[...streak.taskTypes].join(', ')}`;
  }
}
