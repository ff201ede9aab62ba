import type { MongoClient } from 'mongodb';
import { connect } from '../../../infra/database';
import { testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { TestQueue } from '../../support/queue';
import { TcpProxy } from '../../support/tcp-proxy';

test('a database that is away for a while kills no role and loses nothing', async () => {
  const database = await testDatabase();
  const { host, port } = addressOf(database.client);
  const proxy = await TcpProxy.open(host, port);
  const through = `mongodb://127.0.0.1:${proxy.port}/${database.db.databaseName}?directConnection=true`;
  const { db, close } = await connect(through, 'blip', { serverSelectionTimeoutMS: 300 });
  const opened = await TestQueue.open({}, database);
  const role = await opened.elsewhere({ db, emit: opened.connection.emit });
  let finish = () => {};
  const running = new Promise<void>(resolve => {
    finish = resolve;
  });
  const runs: string[] = [];
  await role.role({
    ping: async task => {
      runs.push(task._id);
      if (task._id === 'during') await running;
      return task._id;
    },
  });
  await opened.queue.addTask({ taskType: 'ping', _id: 'during' });
  await eventually(() => runs.length === 1);

  await proxy.cut();
  await eventually(() => opened.named('queue.databaseLost').length === 1);
  // What runs in memory says nothing of the database.
  const inMemory = await role.queue.addTask({ taskType: 'ping', inMemory: true });
  await eventually(() => runs.includes(inMemory));
  finish();
  await opened.queue.addTask({ taskType: 'ping', _id: 'added while away' });
  await new Promise(resolve => setTimeout(resolve, 1_500));
  expect((await opened.queue.findOne('during'))?.state).toBe('running');

  await proxy.mend();
  for (const id of ['during', 'added while away'])
    await eventually(async () => (await opened.queue.findOne(id))?.state === 'done');
  await eventually(() => opened.named('queue.databaseBack').length >= 1);
  expect(opened.named('queue.databaseLost')).toHaveLength(1);
  expect(runs).toEqual(['during', inMemory, 'added while away']);
  expect(await opened.queue.findOne('during')).toMatchObject({ result: 'during', attempt: 1 });
  await opened.close();
  await close();
  await proxy.close();
});

function addressOf(client: MongoClient): { host: string; port: number } {
  const [address] = client.options.hosts;
  return { host: address?.host ?? '127.0.0.1', port: address?.port ?? 27017 };
}
