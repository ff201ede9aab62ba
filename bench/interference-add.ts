/**
 * Adds as many tasks at once as its argument says to the database of MONGO_URL, due tomorrow, so that none of them runs,
 * and removes them again. A process of its own: whoever measures has no time for it.
 */
import { MongoClient } from 'mongodb';
import { catalog } from '../imports/tasks/catalog';
import { TaskQueueOf } from '../infra/queue/api/task-queue';

const batch = 1_000;
const day = 24 * 60 * 60_000;
const sender = { appId: 'bench', version: '1', rootUrl: 'http://localhost' };

async function addInBulk(mongoUrl: string, count: number): Promise<void> {
  const client = await new MongoClient(mongoUrl).connect();
  const owner = `bench-${process.pid}`;
  const queue = new TaskQueueOf(catalog);
  await queue.connect({ db: client.db(), sender });
  const order = { taskType: 'burn', data: { seconds: 1, owner }, dueDate: new Date(Date.now() + day) } as const;
  for (let added = 0; added < count; added += batch)
    await queue.addTasks(Array(Math.min(batch, count - added)).fill(order));
  await queue.remove({ 'data.owner': owner });
  await client.close();
}

addInBulk(process.env.MONGO_URL ?? '', Number(process.argv[2])).catch(error => {
  console.error(error);
  process.exitCode = 1;
});
