import { MongoClient } from 'mongodb';
import type { Task } from '../../../infra/queue/model/task';
import { MongoStore } from '../../../infra/queue/store/mongo-store';
import { type TestDatabase, testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { aTask } from '../../support/tasks';
import { describeStore } from './store-contract';

let database: Promise<TestDatabase> | undefined;
let opened = 0;

async function open(): Promise<MongoStore> {
  database ??= testDatabase();
  const store = new MongoStore((await database).db, `taskQueue${opened++}`);
  await store.ensureIndexes();
  return store;
}

afterAll(async () => (await database)?.drop());

describeStore('MongoStore', open);

test('what happens to a due task between the look at it and its promotion stays: a cancel, a claim, another date', async () => {
  database ??= testDatabase();
  const { db, client } = await database;
  const store = new MongoStore(db, 'promoted');
  await store.ensureIndexes();
  const [now, later] = [new Date(), new Date(Date.now() + 3_600_000)];
  const due = ['cancelled', 'claimed', 'moved', 'untouched'].map(_id =>
    aTask({ _id, state: 'scheduled', dueDate: now }),
  );
  await store.insert(due.map(task => ({ task, once: false })));
  const changes: [string, Partial<Task>][] = [
    ['cancelled', { state: 'cancelled' }],
    ['claimed', { state: 'running', owner: 'another role', token: 'its token' }],
    ['moved', { dueDate: later }],
  ];

  // As long as they are not committed, a look sees the tasks as they were, and a write to them waits.
  const session = client.startSession();
  session.startTransaction();
  const tasks = db.collection<Task>('promoted');
  for (const [_id, change] of changes) await tasks.updateOne({ _id }, { $set: change }, { session });
  const promoting = store.promote(now, 10);
  const writes = [{ $currentOp: {} }, { $match: { ns: tasks.namespace, op: 'update' } }];
  await eventually(async () => (await client.db('admin').aggregate(writes).toArray()).length > 0);
  await session.commitTransaction();

  expect((await promoting).map(({ _id }) => _id)).toEqual(['untouched']);
  for (const [_id, change] of changes)
    expect(await store.findOne(_id)).toMatchObject({ state: 'scheduled', ...change });
  await session.endSession();
});

test('a claim of 500 tasks asks once for their ids and once for the tasks', async () => {
  const { url, drop } = await testDatabase();
  const client = await new MongoClient(url, { monitorCommands: true }).connect();
  const store = new MongoStore(client.db(), 'taskQueueLong');
  await store.ensureIndexes();
  await store.insert(Array.from({ length: 600 }, () => ({ task: aTask(), once: false })));
  const asked: string[] = [];
  client.on('commandStarted', ({ commandName }) => asked.push(commandName));
  const head = await store.peek({ types: [{ taskType: 'ping', version: 1 }], limit: 500 });
  const claim = { owner: 'me', token: 't', now: new Date(), leaseUntil: new Date() };
  const tasks = await store.take(
    head.map(({ _id }) => _id),
    claim,
  );
  await client.close();
  await drop();
  expect(tasks).toHaveLength(500);
  expect(asked.filter(name => ['find', 'getMore', 'update'].includes(name))).toEqual(['find', 'update', 'find']);
});
