import type { RecycleLimits } from './pool-options';
import type { WorkerProcess } from './worker-process';

/** Says why a worker has served long enough; undefined while it hasn't. */
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

/** A worker that is silent about its tasks for so long hangs, in one of them or in what an earlier one left behind. */
const unresponsiveMs = 30_000;
/** On a machine that is overloaded, silence is not yet a sign. */
const minPatienceMs = 5_000;

/** Whether a worker hangs with tasks of which none is known to have begun, so that no time-out of theirs runs either. */
export function hangs(worker: WorkerProcess, abortGraceMs: number, now: number): boolean {
  const [first, ...others] = worker.attempts.values();
  if (!first || worker.killedBecause) return false;
  if ([first, ...others].some(attempt => attempt.startedAt !== undefined)) return false;
  const patience = Math.max(minPatienceMs, Math.min(unresponsiveMs, first.timeoutMs + abortGraceMs));
  return now - Math.max(worker.lastMessageAt, worker.busySince) > patience;
}

const firstPatience = 2;
const maxPatience = 1_024;

interface Streak {
  failures: number;
  readonly taskTypes: Set<string>;
}

/**
 * Finds workers that a handler has damaged: tasks of different types fail in them, one after the other. When a database
 * or a service is away, the same is seen in healthy workers. Then those types fail in the next worker too, and the
 * patience grows, so that the pool doesn't spend its time on starting workers.
 */
export class FailureStreaks {
  private readonly streaks = new WeakMap<object, Streak>();
  private patience = firstPatience;
  private suspects: ReadonlySet<string> = new Set();

  succeeded(worker: object, taskType: string): void {
    this.streaks.delete(worker);
    if (this.suspects.has(taskType)) this.patience = firstPatience;
  }

  /** @returns why the worker is taken for damaged; undefined while it isn't. */
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
