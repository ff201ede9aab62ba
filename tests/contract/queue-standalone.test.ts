import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { MongoInstance } from 'mongodb-memory-server-core';
import { freePort } from '../../infra/dev/ports';
import { someMongod } from '../support/bare-machine';
import { eventually } from '../support/eventually';
import { TestQueue } from '../support/queue';

let mongod: MongoInstance;
let dataFolder: string;
let url: string;

beforeAll(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), 'tandem-standalone-'));
  const { path, version } = await someMongod();
  const port = await freePort();
  mongod = await MongoInstance.create({
    binary: { systemBinary: path, version },
    instance: {
      port,
      dbPath: dataFolder,
      ip: '127.0.0.1',
      storageEngine: 'wiredTiger',
      args: ['--wiredTigerCacheSizeGB', '0.25'],
    },
  });
  url = `mongodb://127.0.0.1:${port}/queue`;
}, 60_000);
afterAll(async () => {
  await mongod?.stop();
  await rm(dataFolder, { recursive: true, force: true });
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
