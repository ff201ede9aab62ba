import type { Emit } from '../../monitor/events';
import type { Task } from './task';

/**
 * What listeners of a queue can hear, in the role whose dispatcher it happens in:
 * - `due`: a scheduled task has become executable;
 * - `started`: a worker has begun it; `value` is the worker's pid;
 * - `progress`: `value` is `{ fraction, note }`;
 * - `done`: `value` is the handler's result;
 * - `retry`: an attempt failed and there will be another; `value` is the error;
 * - `error`: it has failed for good, or was rejected; `value` is the error;
 * - `cancelled`;
 * - `rescued`: it was taken from a dead worker or role; `value` is the error;
 * - `deadline`: `value` is `'near'` (bumped to high) or `'missed'`.
 */
export const queueEventNames = [
  'due',
  'started',
  'progress',
  'done',
  'retry',
  'error',
  'cancelled',
  'rescued',
  'deadline',
] as const;
export type QueueEventName = (typeof queueEventNames)[number];

export interface QueueEvent {
  value: unknown;
  task: Task;
}

export type QueueListener = (event: QueueEvent) => void;

/** The listeners of one queue. A listener that throws is reported and stops nobody. */
export class QueueEvents {
  private readonly listeners = new Map<QueueEventName, Set<QueueListener>>();

  constructor(private readonly emit: Emit) {}

  /** @returns how to stop listening. */
  on(name: QueueEventName, listener: QueueListener): () => void {
    const listeners = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  tell(name: QueueEventName, task: Task, value?: unknown): void {
    for (const listener of [...(this.listeners.get(name) ?? [])]) {
      // A listener may be async although nobody waits for it: its failure must not end the process either.
      new Promise<void>(resolve => resolve(listener({ value, task }))).catch(error =>
        this.emit('listener.failed', { of: name, taskId: task._id, error }),
      );
    }
  }
}
