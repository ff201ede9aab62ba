import { compareTasks, type Ordered } from '../model/order';

/** Tasks in the queue's order: found by halving, so that neither end of a long queue is dear. */
export class SortedTasks<T extends Ordered> {
  private readonly items: T[] = [];

  add(task: T): void {
    this.items.splice(this.placeOf(task), 0, task);
  }

  remove(task: Ordered): void {
    const place = this.placeOf(task);
    if (this.items[place]?._id === task._id) this.items.splice(place, 1);
  }

  /** The first tasks of at least this priority. */
  first(limit: number, minPriority = Number.NEGATIVE_INFINITY): T[] {
    const head = this.items.slice(0, limit);
    return head.filter(task => task.priority >= minPriority);
  }

  get size(): number {
    return this.items.length;
  }

  /** Where the task is, or would be. */
  private placeOf(task: Ordered): number {
    let from = 0;
    let to = this.items.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (compareTasks(this.items[middle] as T, task) < 0) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
