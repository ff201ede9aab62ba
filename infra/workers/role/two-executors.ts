import type { Executor, ExecutorCallbacks } from '../../queue/model/executor';
import type { Task } from '../../queue/model/task';

export interface TwoExecutorsOptions {
  workers: Executor;
  role: Executor;
  /** Whether tasks of a type run in the role. */
  inRole(taskType: string): boolean;
}

/** The workers and the role itself as one executor: each task goes where its type runs, and neither waits for the other. */
export class TwoExecutors implements Executor {
  constructor(private readonly options: TwoExecutorsOptions) {}

  async start(events: ExecutorCallbacks): Promise<void> {
    await this.options.workers.start(events);
    await this.options.role.start(events);
  }

  room(): number {
    return this.options.workers.room() + this.options.role.room();
  }

  /** In order, as far as each executor takes its own tasks. */
  fitting(taskTypes: readonly string[]): number {
    const { workers, role, inRole } = this.options;
    const cutAt = (executor: Executor, isIts: (taskType: string) => boolean) => {
      const its = [...taskTypes.keys()].filter(index => isIts(taskTypes[index] as string));
      const count = executor.fitting(its.map(index => taskTypes[index] as string));
      return its[count] ?? taskTypes.length;
    };
    return Math.min(
      cutAt(workers, taskType => !inRole(taskType)),
      cutAt(role, inRole),
    );
  }

  /** A full executor must not hide the room of the other. */
  takes(taskType: string): boolean {
    const { workers, role, inRole } = this.options;
    return inRole(taskType) ? (role.takes?.(taskType) ?? true) : workers.room() > 0;
  }

  execute(tasks: Task[]): void {
    const { workers, role, inRole } = this.options;
    const forRole = tasks.filter(({ taskType }) => inRole(taskType));
    const forWorkers = tasks.filter(({ taskType }) => !inRole(taskType));
    if (forRole.length > 0) role.execute(forRole);
    if (forWorkers.length > 0) workers.execute(forWorkers);
  }

  cancel(taskId: string): void {
    this.options.workers.cancel(taskId);
    this.options.role.cancel(taskId);
  }

  async stop(graceMs: number, cut?: AbortSignal): Promise<void> {
    const { workers, role } = this.options;
    await Promise.all([workers.stop(graceMs, cut), role.stop(graceMs, cut)]);
  }
}
