import type { AnyCatalog } from '../../catalog';

export interface RoleRoomOptions {
  catalog: AnyCatalog;
  /** The handlers of the types that run in the role, by type. */
  handlers: object;
  /** How many tasks of a type that sets no number of its own run at once. */
  ofOthers: number;
}

/** How many more tasks run in the role, type by type: each has a number of its own. */
export class RoleRoom {
  private readonly taken = new Map<string, number>();
  private isOpen = true;

  constructor(private readonly options: RoleRoomOptions) {}

  /** No more tasks. */
  close(): void {
    this.isOpen = false;
  }

  take(taskType: string): void {
    this.change(taskType, 1);
  }

  release(taskType: string): void {
    this.change(taskType, -1);
  }

  /** Of all types together. */
  count(): number {
    return Object.keys(this.options.handlers).reduce((sum, taskType) => sum + this.of(taskType), 0);
  }

  of(taskType: string): number {
    const { catalog, handlers, ofOthers } = this.options;
    if (!this.isOpen || !Object.hasOwn(handlers, taskType)) return 0;
    return (catalog[taskType]?.concurrency ?? ofOthers) - (this.taken.get(taskType) ?? 0);
  }

  /** How many of tasks of these types, in this order. */
  fitting(taskTypes: readonly string[]): number {
    const counts = new Map<string, number>();
    const first = taskTypes.findIndex(taskType => {
      const count = (counts.get(taskType) ?? 0) + 1;
      counts.set(taskType, count);
      return count > this.of(taskType);
    });
    return first < 0 ? taskTypes.length : first;
  }

  private change(taskType: string, by: number): void {
    this.taken.set(taskType, (this.taken.get(taskType) ?? 0) + by);
  }
}
