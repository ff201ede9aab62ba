const firstPatience = 2;
const longestPatience = 1_024;

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
    this.patience = Math.min(longestPatience, this.patience * 2);
    return `tasks of different types failed in it in a row: ${[...streak.taskTypes].join(', ')}`;
  }
}
