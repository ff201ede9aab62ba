import { messageOf } from '../errors/plain-error';
import type { LinkServerOptions } from '../link';
import { drainingCode } from '../link/contract';
import { type QueueEvent, TaskQueue } from '../queue';
import { timerMs } from '../timing/timer-ms';

type RunInMemory = LinkServerOptions['runInMemory'];
type Settle = { resolve(value: unknown): void; reject(error: unknown): void; hasBegun?: true };

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
  private isLeaving = false;

  async start(): Promise<void> {
    this.stops.push(
      TaskQueue.on('started', ({ task }) => this.hasBegun(task._id)),
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

  readonly run: RunInMemory = async (taskType, data, { timeoutMs, signal }) => {
    const id = await add(taskType, data);
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        this.waiting.set(id, { resolve, reject });
        if (this.isLeaving) this.leave(); // it was being added when the drain began
        timer = setTimeout(
          () => reject(new RunError('timeout', `${taskType}: no result within ${timeoutMs} ms`)),
          timerMs(timeoutMs),
        );
        signal.addEventListener('abort', () => reject(new RunError('failed', 'nobody waits for it any more')));
      });
    } catch (error) {
      await TaskQueue.cancel(id).catch(() => {});
      throw error;
    } finally {
      clearTimeout(timer);
      this.waiting.delete(id);
    }
  };

  /** This role drains: what it has not begun and will not begin is for another one. */
  leave(): void {
    this.isLeaving = true;
    for (const [id, { hasBegun, reject }] of this.waiting)
      if (!hasBegun && TaskQueue.core.memory.get(id)?.state === 'queued')
        reject(new RunError(drainingCode, 'this jobs role is draining'));
  }

  private hasBegun(id: string): void {
    const run = this.waiting.get(id);
    if (run) run.hasBegun = true;
  }

  private settle(id: string): Settle | undefined {
    return this.waiting.get(id);
  }
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
