import { MongoClient, MongoServerError } from 'mongodb';
import { findMongo } from '../../../infra/dev/database/mongo-sources';
import { type RunningMongod, startReplicaSet } from '../../../infra/dev/database/replica-set';
import type { Task } from '../../../infra/queue/model/task';
import { MongoStore } from '../../../infra/queue/store/mongo-store';
import { brokenDatabase } from '../../support/broken-database';
import { eventually } from '../../support/eventually';
import { gate, TestQueue } from '../../support/queue';
import { aTask } from '../../support/tasks';

const request = { types: [{ taskType: 'ping', version: 1 }], limit: 500 };
const patient = [{ taskType: 'patient', version: 1 }];
const claim = (token: string) => ({ owner: 'test', token, now: new Date(), leaseUntil: new Date(Date.now() + 60_000) });

describe('a database of its own, whose steps can be counted', () => {
  let mongod: RunningMongod | undefined;
  let client: MongoClient;

  beforeAll(async () => {
    const found = await findMongo();
    if (!('url' in found)) mongod = await startReplicaSet(found.mongod);
    client = await new MongoClient(mongod?.url ?? ('url' in found ? found.url : '')).connect();
  });
  afterAll(async () => {
    await client?.close();
    await mongod?.stop();
  });

  /** Keys of tasks that have gone, over which MongoDB has stepped since it started. */
  async function steps(): Promise<number> {
    const { wiredTiger } = await client.db('admin').command({ serverStatus: 1 });
    return wiredTiger.cursor['Total number of entries skipped by cursor next calls'];
  }

  test('a claim steps over few of the tasks that have gone', async () => {
    const gone = 10_000;
    const store = new MongoStore(client.db('heads'));
    await store.ensureIndexes();
    const tasks = Array.from({ length: gone }, (_, n) => aTask({ _id: `gone-${n}`, taskType: 'ping' }));
    await store.collection.insertMany(tasks as Task[]);
    for (let left = gone; left > 0; ) {
      const ids = (await store.peek(request)).map(({ _id }) => _id);
      left -= (await store.take(ids, claim('gone'))).length;
    }

    const before = await steps();
    for (let n = 0; n < 100; n++) {
      const task = aTask({ taskType: 'ping', dueDate: new Date() });
      await store.collection.insertOne(task as Task);
      store.headReader.heads.queued(task);
      expect(await store.takeFirst(request, claim(`${n}`))).toMatchObject({ _id: task._id });
    }
    expect((await steps()) - before).toBeLessThan((100 * gone) / 2);
  });

  test('a look for what is due steps over few of those that were due before', async () => {
    const promoted = 10_000;
    const store = new MongoStore(client.db('due'));
    await store.ensureIndexes();
    const scheduled = (n: number) => aTask({ _id: `${n}`, state: 'scheduled', dueDate: new Date(Date.now() - 60_000) });
    await store.collection.insertMany(Array.from({ length: promoted }, (_, n) => scheduled(n)));
    while ((await store.promote(new Date(), 1_000)).length > 0);

    const before = await steps();
    for (let n = 0; n < 100; n++) {
      const task = aTask({ state: 'scheduled', dueDate: new Date() });
      await store.collection.insertOne(task);
      expect(await store.nextScheduled()).toMatchObject({ id: task._id });
      expect(await store.promote(new Date(), 1_000)).toMatchObject([{ _id: task._id }]);
    }
    expect((await steps()) - before).toBeLessThan((100 * promoted) / 2);
  });

  test('a task that nobody tells of is found by a look at the whole queue, beside the others', async () => {
    const store = new MongoStore(client.db('untold'));
    await store.ensureIndexes();
    const seen = aTask({ taskType: 'ping', dueDate: new Date() });
    await store.collection.insertOne(seen as Task);
    store.headReader.heads.took(1_000);
    expect(await store.peek(request)).toMatchObject([{ _id: seen._id }]);
    expect(await store.take([seen._id], claim('seen'))).toHaveLength(1);
    const heard = new Promise<void>(resolve => {
      store.headReader.onMore = resolve;
    });
    const untold = aTask({ taskType: 'ping', dueDate: new Date(Date.now() - 60_000) });
    await store.collection.insertOne(untold as Task);
    expect(store.headReader.heads.rowsFor(request)).toHaveLength(1);
    await eventually(async () => (await store.takeFirst(request, claim('untold')))?._id === untold._id);
    await heard;
  });

  test('a scheduled task that nobody tells of, due long ago, is promoted after the look that finds it', async () => {
    const store = new MongoStore(client.db('untoldDue'));
    await store.ensureIndexes();
    expect(await store.promote(new Date(), 1_000)).toEqual([]);
    await store.collection.insertOne(aTask({ state: 'scheduled', dueDate: new Date(Date.now() - 60_000) }) as Task);
    await eventually(
      async () => (await store.nextScheduled()) && (await store.promote(new Date(), 1_000)).length === 1,
    );
  });
});

describe('after many tasks have gone', () => {
  let here: TestQueue;
  let elsewhere: TestQueue;

  beforeEach(async () => {
    here = await TestQueue.open();
    elsewhere = await here.elsewhere();
  });
  afterEach(() => here.close());

  async function afterMany(handlers: Parameters<TestQueue['role']>[0], slots: number): Promise<void> {
    await here.role({ ping: () => {}, ...handlers }, {}, { slots });
    const id = await here.queue.addTask({ taskType: 'ping' });
    await here.becomes(id, 'done');
    here.queue.core.store.headReader.heads.took(1_000);
  }

  test('whatever is added or comes back elsewhere is run', async () => {
    let fails = true;
    await afterMany(
      {
        patient: () => {
          if (fails) throw Object.assign(new Error('not yet'), { name: 'FatalError' });
        },
      },
      10,
    );
    const failed = await elsewhere.queue.addTask({ taskType: 'patient' });
    await here.becomes(failed, 'failed');
    fails = false;
    await elsewhere.queue.retry(failed);
    const first = await elsewhere.queue.addTask({ taskType: 'ping', priority: 9 });
    const others = [
      failed,
      first,
      await elsewhere.queue.addTask({ taskType: 'ping', priority: 0 }),
      await elsewhere.queue.addTask({ taskType: 'ping', front: true }),
      await elsewhere.queue.addTask({ taskType: 'ping', dueDate: new Date(Date.now() - 60_000) }),
      await elsewhere.queue.addTask({ taskType: 'ping', dueDate: new Date(Date.now() + 300) }),
      await elsewhere.queue.addTask({ taskType: 'patient', after: [first] }),
    ];
    for (const id of others) await here.becomes(id, 'done');
  });

  test('the order of the queue is kept', async () => {
    const ran: string[] = [];
    const { open, opened } = gate();
    await afterMany(
      {
        patient: async ({ _id }) => {
          if (ran.push(_id) === 1) await opened;
        },
      },
      1,
    );
    const add = (its: TestQueue, _id: string, more = {}) => its.queue.addTask({ _id, taskType: 'patient', ...more });
    await add(here, 'holds the slot');
    await eventually(() => ran.length === 1);
    await add(elsewhere, 'late');
    await add(elsewhere, 'early', { dueDate: new Date(Date.now() - 60_000) });
    await add(elsewhere, 'urgent', { priority: 9 });
    await add(elsewhere, 'in front', { front: true });
    await add(elsewhere, 'unimportant', { priority: 0 });
    const rows = () => here.queue.core.store.headReader.heads.rowsFor({ types: patient, limit: 1 });
    await eventually(() => rows()?.length === 4);
    open();
    await eventually(() => ran.length === 6);
    expect(ran.slice(1)).toEqual(['urgent', 'in front', 'early', 'late', 'unimportant']);
  });

  test('claims that the database refuses wait for pauses that grow, also where a look at the whole queue is due', async () => {
    const counts = { claims: 0, beats: 0 };
    let refuses = false;
    const db = brokenDatabase(here.database.db, 'findOneAndUpdate', ([, change]) => {
      const is = (field: string) => JSON.stringify(change).includes(field);
      if (refuses && is('"lastSeen"')) counts.beats += 1;
      if (!refuses || !is('"claimedAt"')) return undefined;
      counts.claims += 1;
      return Promise.reject(new MongoServerError({ message: 'not authorized', code: 13 }));
    });
    const its = await here.elsewhere({ db });
    const { core } = its.queue;
    const refuse = () => {
      refuses = true;
    };
    const taskTypes = ['ping', 'patient'] as const;
    await its.role({ ping: () => {}, patient: refuse }, { refreshRate: 60_000, heartbeatMs: 100, taskTypes });
    for (const taskType of taskTypes) {
      const { heads } = core.store.headReader;
      heads.took(1_000);
      // The last look at the whole queue took so long that the next one is not due at once.
      heads.sawWhole({ types: taskTypes.map(name => ({ taskType: name, version: 1 })), limit: 500 }, [], 50);
      await its.becomes(await its.queue.addTask({ taskType }), 'done');
    }
    await eventually(() => counts.beats === 30);
    expect(counts.claims).toBeGreaterThan(1);
    expect(counts.claims).toBeLessThan(counts.beats);
    refuses = false;
    await its.becomes(await its.queue.addTask({ taskType: 'ping' }), 'done');
  });
});
