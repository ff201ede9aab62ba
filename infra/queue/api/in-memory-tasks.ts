import { isLive, type Task } from '../model/task';
import type { QueueCore } from './queue-core';

/** `TaskQueue.inMemory`: the tasks in this role's memory, as meteor-cluster shows them. */
export class InMemoryTasks {
  constructor(private readonly core: () => QueueCore) {}

  findById(id: string): Task | undefined {
    const task = this.core().memory.get(id);
    return task && isLive(task) ? task : undefined;
  }

  /** @returns whether there was one. */
  async removeById(id: string): Promise<boolean> {
    return (await this.core().memory.remove({ _id: id })) > 0;
  }

  /** All that have not finished, in the queue's order. */
  tasks(): Task[] {
    return this.core().memory.live();
  }

  /** Those that could start now. */
  availableTasks(): Task[] {
    return this.tasks().filter(({ state }) => state === 'queued');
  }
}
