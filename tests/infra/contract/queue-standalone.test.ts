import { MongoClient } from 'mongodb';
import { eventually } from '../../support/eventually';
import { TestQueue } from '../../support/queue';
import { TestSchedules } from '../../support/schedules';
import { type StandaloneMongod, startStandaloneMongod } from '../../support/standalone-mongod';

let mongod: StandaloneMongod;
let url: string;

beforeAll(async () => {
  mongod = await startStandaloneMongod();
  url = mongod.urlOf('queue');
}, 60_000);
afterAll(async () => {
  await mongod?.stop();
});

async function openQueue(): Promise<TestQueue> {
  const client = await new MongoClient(url).connect();
  const db = client.db();
  const drop = async () => {
    await db.dropDatabase();
    await client.close();
  };
  return TestQueue.open({}, { url, db, client, drop });
}

test('on a stand-alone mongod the queue polls, says so once, and does all the same', async () => {
  const opened = await openQueue();
  await opened.role({ ping: () => 1 }, { refreshRate: 50 });
  expect(opened.named('queue.polling')).toHaveLength(1);
  const elsewhere = await opened.elsewhere();
  const ids = await elsewhere.queue.addTasks([
    { taskType: 'ping' },
    { taskType: 'ping', dueDate: new Date(Date.now() + 200) },
  ]);
  for (const id of ids) await eventually(async () => (await opened.queue.findOne(id))?.state === 'done');
  await opened.close();
});

test('schedules that another process puts are found by polling', async () => {
  const opened = await openQueue();
  const test = await TestSchedules.of(opened);
  await test.run({ pollMs: 50 });
  const web = await TestSchedules.of(await opened.elsewhere());
  await web.schedules.put({ name: 'tick', every: 1_000, taskType: 'ping', data: {} });
  // Long before the half minute after which a role would look anyway.
  await eventually(async () => (await web.schedules.runs('tick')).length > 0, { timeoutMs: 20_000 });
  await test.stop();
  await opened.close();
});
