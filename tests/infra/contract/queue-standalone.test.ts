import { MongoClient } from 'mongodb';
import { eventually } from '../../support/eventually';
import { TestQueue } from '../../support/queue';
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

test('on a stand-alone mongod the queue polls, says so once, and does all the same', async () => {
  const client = await new MongoClient(url).connect();
  const db = client.db();
  const drop = async () => {
    await db.dropDatabase();
    await client.close();
  };
  const opened = await TestQueue.open({}, { url, db, client, drop });
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
