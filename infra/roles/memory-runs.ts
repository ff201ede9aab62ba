import { messageOf } from '../errors/plain-error';
import type { LinkServerOptions } from '../link';
import { drainingCode } from '../link/contract';
import { type QueueEvent, TaskQueue } from '../queue';
import { timerMs } from '../timing/timer-ms';

type RunInMemory = LinkServerOptions['runInMemory'];
type Settle = { resolve(value: unknown): void; reject(error: unknown): void };

/** Why a run over the link brought no result; `code` travels to the other side. */
class RunError extends Error {
  constructor(
    readonly code: 'refused' | 'timeout' | 'failed' | typeof drainingCode,
    message: string,
  ) {
    super(message);
  }
}

/** Runs tasks in the memory of this jobs role for a caller who waits for the result. */
export class MemoryRuns {
  private readonly waiting = new Map<string, Settle>();
  private readonly stops: (() => void)[] = [];

  async start(): Promise<void> {
    this.stops.push(
      TaskQueue.on('done', ({ task, value }) => this.settle(task._id)?.resolve(value)),
      TaskQueue.on('error', event => this.settle(event.task._id)?.reject(failure(event))),
      TaskQueue.on('cancelled', ({ task }) =>
        this.settle(task._id)?.reject(new RunError('failed', 'it was cancelled')),
      ),
    );
  }

  async stop(): Promise<void> {
    for (const stop of this.stops.splice(0)) stop();
  }

  /** This role drains: what no worker has begun is for another role, and would wait here for the end. */
  giveUpWaiting(): void {
    for (const [id, { reject }] of this.waiting)
      if (leftQueue(id)) reject(new RunError(drainingCode, 'this jobs role is draining, and has not begun it'));
  }

  readonly run: RunInMemory = async (taskType, data, { timeoutMs, signal }) => {
    const id = await add(taskType, data);
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        this.waiting.set(id, { resolve, reject });
        timer = setTimeout(
          () => reject(new RunError('timeout', `${taskType}: no result within ${timeoutMs} ms`)),
          timerMs(timeoutMs),
        );
        signal.addEventListener('abort', () => reject(new RunError('failed', 'nobody waits for it any more')));
      });
    } catch (error) {
      if ((error as RunError).code !== drainingCode) await TaskQueue.cancel(id).catch(() => {});
      throw error;
    } finally {
      clearTimeout(timer);
      this.waiting.delete(id);
    }
  };

  private settle(id: string): Settle | undefined {
    return this.waiting.get(id);
  }
}

/** In memory nobody claims it between the look and the removal. @returns whether it was there, and never ran. */
function leftQueue(id: string): boolean {
  const { memory } = TaskQueue.core;
  const task = memory.get(id);
  if (task?.state !== 'queued' || task.attempts.length > 0) return false;
  void memory.remove({ _id: id });
  return true;
}

async function add(taskType: string, data: unknown): Promise<string> {
  try {
    // A request is a task of its own: that of another caller, or one that has ended, would leave this caller without a reply.
    const task = { taskType, data, inMemory: true, unique: false };
    // From the wire: addTask itself checks that it is a task.
    return await TaskQueue.addTask(task as Parameters<typeof TaskQueue.addTask>[0]);
  } catch (error) {
    throw new RunError('refused', messageOf(error));
  }
}

function failure({ task, value }: QueueEvent): RunError {
  const { name = 'Error', message = 'it failed' } = (value ?? task.error ?? {}) as { name?: string; message?: string };
  return new RunError('failed', `${task.taskType}: ${name}: ${message}`);
}
