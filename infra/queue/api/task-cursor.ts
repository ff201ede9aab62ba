import type { FindCursor } from 'mongodb';
import type { Task } from '../model/task';

/** The result of `TaskQueue.find`, read as a Meteor 3 cursor is: by async methods, or `for await`. */
export class TaskCursor {
  constructor(
    private readonly cursor: FindCursor<Task>,
    private readonly count: () => Promise<number>,
  ) {}

  fetchAsync(): Promise<Task[]> {
    return this.cursor.clone().toArray();
  }

  countAsync(): Promise<number> {
    return this.count();
  }

  async forEachAsync(visit: (task: Task, index: number) => unknown): Promise<void> {
    let index = 0;
    for await (const task of this) await visit(task, index++);
  }

  async mapAsync<T>(map: (task: Task, index: number) => T | Promise<T>): Promise<T[]> {
    const results: T[] = [];
    await this.forEachAsync(async (task, index) => {
      results.push(await map(task, index));
    });
    return results;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Task> {
    yield* this.cursor.clone();
  }
}
