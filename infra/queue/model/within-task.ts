import { AsyncLocalStorage } from 'node:async_hooks';
import type { Task } from './task';

const running = new AsyncLocalStorage<Task>();

/** Runs a handler so that `addTask`, called by it or by what it awaits, knows which task it works for. */
export function withinTask<T>(task: Task, handler: () => T): T {
  return running.run(task, handler);
}

/** The task whose handler is running here, if any. */
export function currentTask(): Task | undefined {
  return running.getStore();
}
