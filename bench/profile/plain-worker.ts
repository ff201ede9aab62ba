/**
 * What a team writes that takes the heavy work out of Meteor by hand: a Node process without Meteor that asks the
 * database for tasks, one at a time. It has no lease, no retry and no time-out, as such programs have at first.
 */
import { type Collection, MongoClient } from 'mongodb';
import { burstFlag, plainTasks, run } from './app/handlers';

const idleMs = 100;

interface PlainTask {
  taskType: keyof typeof run;
  data: never;
}

interface PlainBurst {
  everySeconds: number;
  tasks: number;
  data: object;
}

async function work({ MONGO_URL = '', PROFILE_BURST }: NodeJS.ProcessEnv): Promise<never> {
  const client = await new MongoClient(MONGO_URL).connect();
  const tasks: Collection<PlainTask> = client.db().collection(plainTasks);
  await tasks.createIndex({ state: 1, createdAt: 1 });
  const flags = client.db().collection(burstFlag);
  if (PROFILE_BURST) schedule(tasks, flags, JSON.parse(PROFILE_BURST));
  console.log('the plain worker is ready');
  for (;;) if (!(await runNext(tasks))) await new Promise(resolve => setTimeout(resolve, idleMs));
}

async function runNext(tasks: Collection<PlainTask>): Promise<boolean> {
  const running = { $set: { state: 'running', startedAt: new Date(), pid: process.pid } };
  const task = await tasks.findOneAndUpdate({ state: 'queued' }, running, { sort: { createdAt: 1 } });
  if (!task) return false;
  const result = await run[task.taskType](task.data);
  await tasks.updateOne({ _id: task._id }, { $set: { state: 'done', result, finishedAt: new Date() } });
  return true;
}

function schedule(
  tasks: Collection<PlainTask>,
  flags: Collection,
  { everySeconds, tasks: count, data }: PlainBurst,
): void {
  const everyMs = everySeconds * 1_000;
  const next = () => setTimeout(add, everyMs - (Date.now() % everyMs));
  const add = async () => {
    next();
    if (!(await flags.findOne())) return;
    const createdAt = new Date();
    const one = () => ({ taskType: 'compute' as const, data: data as never, state: 'queued', createdAt });
    await tasks.insertMany(Array.from({ length: count }, one));
  };
  next();
}

void work(process.env);
