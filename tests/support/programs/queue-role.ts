/** A jobs role of the queue's process tests: claims, runs tasks in this process, and records every run. */
import { setTimeout as wait } from 'node:timers/promises';
import { connect } from '../../../infra/database';
import { TaskQueueOf } from '../../../infra/queue/api/task-queue';
import { Dispatcher, type DispatcherSettings } from '../../../infra/queue/dispatch/dispatcher';
import type { Task } from '../../../infra/queue/model/task';
import { InProcessExecutor } from '../../../infra/queue/testing/in-process-executor';
import { catalogForTests } from '../test-catalog';

/** One run of a task, as the test reads it: milliseconds of this machine's clock. */
export interface RecordedRun {
  taskId: string;
  pid: number;
  from: number;
  to: number;
}

/** One call of an API with a rate, by this machine's clock. */
export interface RecordedCall {
  at: number;
  customer: string;
  pid: number;
}

/** One turn of a customer, of whom there is one at a time. */
export interface RecordedTurn {
  taskId: string;
  customer: string;
  pid: number;
  from: number;
  to?: number;
}

async function main(): Promise<void> {
  const { db, close } = await connect(process.env.MONGO_URL as string, 'queue-role');
  const settings = JSON.parse(process.env.QUEUE_SETTINGS ?? '{}') as DispatcherSettings;
  const runs: RecordedRun[] = [];
  const begun = db.collection('begun');

  const handlers = {
    /** Takes as long as its payload says; a long one leaves a mark when it begins. */
    ping: async (task: Task) => {
      const ms = (task.data as { n?: number }).n ?? 0;
      const from = Date.now();
      if (ms >= 1_000) await begun.insertOne({ taskId: task._id, pid: process.pid, at: new Date() });
      if (ms > 0) await wait(ms);
      runs.push({ taskId: task._id, pid: process.pid, from, to: Date.now() });
    },
    /** Calls an API that has a rate for each customer. */
    calls: async ({ data }: Task) => {
      const call: RecordedCall = {
        at: Date.now(),
        customer: (data as { customer: string }).customer,
        pid: process.pid,
      };
      await db.collection<RecordedCall>('calls').insertOne(call);
    },
    turns: async ({ _id: taskId, data }: Task) => {
      const turns = db.collection<RecordedTurn>('turns');
      const { customer } = data as { customer: string };
      const { insertedId } = await turns.insertOne({ taskId, customer, pid: process.pid, from: Date.now() });
      await wait(5);
      await turns.updateOne({ _id: insertedId }, { $set: { to: Date.now() } });
    },
  };

  const queue = new TaskQueueOf(catalogForTests);
  await queue.connect({ db, sender: { appId: 'test', version: '1', rootUrl: 'http://localhost' } });
  const executor = new InProcessExecutor({ handlers, slots: 50 });
  const dispatcher = new Dispatcher({ queue, executor, settings });
  await dispatcher.start();
  process.send?.('ready');

  process.once('SIGTERM', async () => {
    await dispatcher.stop(5_000);
    if (runs.length > 0) await db.collection('runs').insertMany(runs);
    await close();
    process.exit(0);
  });
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
