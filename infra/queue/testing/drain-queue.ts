import type { TaskQueueOf } from '../api/task-queue';
import { Dispatcher } from '../dispatch/dispatcher';
import { liveStates, type Task } from '../model/task';
import { InProcessExecutor, type InProcessHandler } from './in-process-executor';

export interface DrainOptions {
  /** How long it may take in all, in ms. Default: 10,000. */
  timeoutMs?: number;
  /** Also runs what is scheduled for later, as if its time had come. Default: false. */
  evenLater?: boolean;
}

/**
 * For tests: runs everything that is queued, in this process, and resolves when nothing is left to do now. What fails
 * and waits for a retry is left waiting.
 *
 * @returns the tasks that ended (done, failed, cancelled, rejected), in the order of their ends.
 * @throws where it takes longer than `timeoutMs`, with what is still there.
 */
export async function drainQueue(
  // biome-ignore lint/suspicious/noExplicitAny: it drains a queue of any catalog
  queue: TaskQueueOf<any, any>,
  handlers: Record<string, InProcessHandler>,
  { timeoutMs = 10_000, evenLater = false }: DrainOptions = {},
): Promise<Task[]> {
  const ended: Task[] = [];
  const stops = (['done', 'error', 'cancelled'] as const).map(name => queue.on(name, ({ task }) => ended.push(task)));
  const executor = new InProcessExecutor({ handlers, rates: queue.rates });
  const dispatcher = new Dispatcher({ queue, executor, settings: { refreshRate: 50 } });
  try {
    await dispatcher.start();
    await untilEmpty(queue, timeoutMs, evenLater);
  } finally {
    await dispatcher.stop(0);
    for (const stop of stops) stop();
  }
  return ended;
}

// biome-ignore lint/suspicious/noExplicitAny: as above
async function untilEmpty(queue: TaskQueueOf<any, any>, timeoutMs: number, evenLater: boolean): Promise<void> {
  const { store, memory, clock } = queue.core;
  const until = Date.now() + timeoutMs;
  for (;;) {
    if (evenLater) await store.collection.updateMany({ state: 'scheduled' }, { $set: { dueDate: clock.now() } });
    const states = evenLater ? liveStates : liveStates.filter(state => state !== 'scheduled');
    const inMemory = (await memory.countLive(1_000)).filter(({ state }) => states.some(one => one === state));
    // By _id, where a task keeps its place: counted state by state, one that is just being claimed would be in none.
    const stored = await store.collection
      .find({ state: { $in: states } })
      .hint({ _id: 1 })
      .project({ taskType: 1, state: 1 })
      .limit(20)
      .toArray();
    const busy = [...inMemory, ...stored];
    if (busy.length === 0) return;
    const waitsForLater = !evenLater && busy.every(({ state }) => state === 'waiting');
    if (waitsForLater && (await store.collection.findOne({ state: 'scheduled' }))) return;
    if (Date.now() > until) throw new Error(`the queue is not empty after ${timeoutMs} ms: ${JSON.stringify(busy)}`);
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}
