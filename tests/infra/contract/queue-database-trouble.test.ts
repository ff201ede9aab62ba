import { setTimeout as wait } from 'node:timers/promises';
import { MongoServerError } from 'mongodb';
import { connect, withCallTimeout } from '../../../infra/database';
import { TaskNotConfirmedError } from '../../../infra/queue';
import { ClaimableTypes } from '../../../infra/queue/claim/claimable-types';
import { Dispatcher } from '../../../infra/queue/dispatch/dispatcher';
import { DatabaseGuard } from '../../../infra/queue/store/database-guard';
import { InProcessExecutor } from '../../../infra/queue/testing/in-process-executor';
import { brokenDatabase, isSettle } from '../../support/broken-database';
import { testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { gate, TestQueue } from '../../support/queue';
import { aTask } from '../../support/tasks';
import { TcpProxy } from '../../support/tcp-proxy';

const brokenPipe = () =>
  Object.assign(new Error('This socket has been ended by the other party'), { code: 'EPIPE', syscall: 'write' });

let opened: TestQueue;
let close = async () => {};
afterEach(async () => {
  await opened.close();
  await close();
  close = async () => {};
});

/** A queue whose writes of ends go wrong, while all else comes through. */
async function withSettle(broken: () => Promise<unknown> | undefined, limitMs?: number): Promise<TestQueue> {
  const database = await testDatabase();
  const db = brokenDatabase(database.db, 'updateMany', input => (isSettle(input) ? broken() : undefined));
  opened = await TestQueue.open({ db: limitMs ? withCallTimeout(db, limitMs) : db }, database);
  return opened;
}

describe('the end of a task', () => {
  test('is written after whatever says nothing against it: what was done is never recorded as failed', async () => {
    const problems = [
      brokenPipe(),
      new MongoServerError({ message: 'of a kind that nobody knows', code: 59 }),
      new TypeError('Cannot read properties of null, says a bug of the driver'),
    ];
    await withSettle(() => (problems.length > 0 ? Promise.reject(problems.pop()) : undefined));
    await opened.role({ ping: () => 'pong' });
    const id = await opened.queue.addTask({ taskType: 'ping' });
    await opened.becomes(id, 'done');
    expect(await opened.queue.findOne(id)).toMatchObject({ result: 'pong', attempts: [{ outcome: 'done' }] });
  });

  test('is written again where the database never answers, and its age is known meanwhile', async () => {
    let hangs = true;
    const limitMs = 1_500;
    await withSettle(() => (hangs ? new Promise(() => {}) : undefined), limitMs);
    const role = await opened.role({ ping: () => 'pong' });
    const id = await opened.queue.addTask({ taskType: 'ping' });
    await eventually(() => role.trouble.oldestUnwrittenMs > 2 * limitMs);
    expect(role.trouble).toMatchObject({ unwritten: 1, claimFailure: undefined });
    expect(opened.named('queue.databaseLost')).not.toEqual([]);
    hangs = false;
    await opened.becomes(id, 'done');
    await eventually(() => role.trouble.unwritten === 0);
    expect(role.trouble.oldestUnwrittenMs).toBe(0);
  });

  test('holds up no other where the database refuses it, whatever it says', async () => {
    await withSettle(() => undefined);
    const { db } = opened.database;
    await db.command({ collMod: 'taskQueue', validator: { result: { $ne: 'refused' } } });
    await opened.role({ ping: task => (task._id === 'odd' ? 'refused' : 'fine') });
    await opened.queue.addTasks(['a', 'odd', 'b'].map(_id => ({ taskType: 'ping', _id })));
    for (const id of ['a', 'b']) await opened.becomes(id, 'done');
    await opened.becomes('odd', 'failed');
    expect(await opened.queue.findOne('odd')).toMatchObject({ error: { name: 'ResultNotStorable' } });
  });
});

describe('a scheduled task', () => {
  const unknown = () => new MongoServerError({ message: 'of a kind that nobody knows', code: 59 });
  const isPromotion = ([, update]: unknown[]) => JSON.stringify(update).includes('"promotion"');
  const overdue = () => aTask({ state: 'scheduled', dueDate: new Date(Date.now() - 60_000) });
  let refused = 0;

  async function withPromotion(broken: () => Error | undefined): Promise<TestQueue> {
    refused = 0;
    const database = await testDatabase();
    const db = brokenDatabase(database.db, 'updateMany', input => {
      const error = isPromotion(input) && broken();
      if (!error) return undefined;
      refused += 1;
      return Promise.reject(error);
    });
    opened = await TestQueue.open({ db }, database);
    return opened;
  }

  test.each([brokenPipe, unknown])('is found by the promotion after one that failed: %p', async problem => {
    const problems = [problem(), problem()];
    const { store } = (await withPromotion(() => problems.pop())).queue.core;
    expect(await store.promote(new Date(), 1_000)).toEqual([]);
    const task = overdue();
    await store.collection.insertOne(task);
    store.dueFloor.scheduled(task.dueDate);
    while (problems.length > 0) await store.promote(new Date(), 1_000).catch(() => {});
    expect(await store.promote(new Date(), 1_000)).toMatchObject([{ _id: task._id }]);
  });

  test.each([brokenPipe, unknown])('runs once its promotion is no longer refused: %p', async problem => {
    let refuses = true;
    const { queue } = await withPromotion(() => (refuses ? problem() : undefined));
    await opened.role({ ping: () => 'pong' }, { refreshRate: 50 });
    const task = overdue();
    await queue.core.store.collection.insertOne(task);
    await eventually(() => refused > 3);
    refuses = false;
    await opened.becomes(task._id, 'done');
  });
});

test('a role that could not read what is paused claims nothing of it, and all else once it has', async () => {
  const database = await testDatabase();
  let refusals = 0;
  let refuses = true;
  const db = brokenDatabase(database.db, 'findOne', ([filter]) => {
    if (!refuses || (filter as { _id?: unknown })._id !== 'pauses') return undefined;
    refusals += 1;
    return Promise.reject(brokenPipe());
  });
  opened = await TestQueue.open({}, database);
  await opened.queue.pause('strict');
  const strict = await opened.queue.addTask({ taskType: 'strict', data: { rows: 1 } });
  const ping = await opened.queue.addTask({ taskType: 'ping' });
  await (await opened.elsewhere({ db })).role({ ping: () => 1, strict: () => 1 }, { refreshRate: 20 });
  await eventually(() => refusals > 5);
  expect([await opened.stateOf(strict), await opened.stateOf(ping)]).toEqual(['queued', 'queued']);
  refuses = false;
  await opened.becomes(ping, 'done');
  expect(await opened.stateOf(strict)).toBe('queued');
});

test('a role that has read what is paused does not go back to a slower answer of before', async () => {
  opened = await TestQueue.open();
  const { open, opened: answers } = gate();
  const control = opened.database.db.collection('taskControl');
  let isRead = false;
  const db = brokenDatabase(opened.database.db, 'findOne', async ([filter]) => {
    const [found, isFirst] = [await control.findOne(filter as object), !isRead];
    isRead = true;
    if (isFirst) await answers;
    return found;
  });
  const { core } = (await opened.elsewhere({ db })).queue;
  const types = new ClaimableTypes(core, new DatabaseGuard(core.emit));
  const slow = types.readPauses();
  await eventually(() => isRead);
  await opened.queue.pause();
  await types.readPauses();
  open();
  await slow;
  expect(types.list(core.store)).toEqual([]);
});

test('a task that a role claims while its lost attempt ends there is given back, also where the database is away then', async () => {
  const database = await testDatabase();
  let refusals = 0;
  const db = brokenDatabase(database.db, 'updateMany', ([, update]) => {
    if (refusals > 0 || !JSON.stringify(update).includes('"queued"')) return undefined;
    refusals += 1;
    return Promise.reject(brokenPipe());
  });
  opened = await TestQueue.open({ db }, database);
  let begun = 0;
  const first = gate();
  await opened.role({ ping: () => (++begun === 1 ? first.opened : 'pong') }, { refreshRate: 50, leaseMs: 600_000 });
  const id = await opened.queue.addTask({ taskType: 'ping' });
  await eventually(() => begun === 1);
  // As after a rescue by a role that has handed it back.
  const tasks = database.db.collection<{ _id: string }>('taskQueue');
  await tasks.updateOne({ _id: id }, { $set: { state: 'queued', token: 'of another' }, $unset: { owner: '' } });
  await eventually(() => refusals > 0);
  first.open();
  await opened.becomes(id, 'done');
  expect(await opened.queue.findOne(id)).toMatchObject({ attempt: 1, attempts: [{ outcome: 'done' }] });
});

describe('a drain', () => {
  test('hands back what has ended and can not be written, so that nothing waits for a lease', async () => {
    await withSettle(() => Promise.reject(brokenPipe()));
    const role = await opened.role({ ping: () => 'pong' }, { leaseMs: 600_000 });
    const id = await opened.queue.addTask({ taskType: 'ping' });
    await eventually(() => role.trouble.unwritten === 1);
    await role.stop(0);
    expect(await opened.queue.findOne(id)).toMatchObject({ state: 'queued', attempt: 0 });
    expect(opened.named('queue.handedBack')).toMatchObject([{ fields: { count: 1 } }]);
    expect(await opened.database.db.collection('taskOwners').countDocuments()).toBe(0);
  });

  test('takes the time of a slow claim from that of the tasks: the host does not wait for longer', async () => {
    const claim = gate();
    let isSlow = false;
    let claims = 0;
    const database = await testDatabase();
    const db = brokenDatabase(database.db, 'findOneAndUpdate', ([filter]) => {
      if (!isSlow || !JSON.stringify(filter).includes('"queued"')) return undefined;
      claims += 1;
      return claim.opened.then(() => null);
    });
    opened = await TestQueue.open({ db }, database);
    const graces: number[] = [];
    class Executor extends InProcessExecutor {
      override stop(graceMs: number) {
        graces.push(graceMs);
        return super.stop(graceMs);
      }
    }
    const executor = new Executor({ handlers: { ping: () => 'pong' } });
    const role = new Dispatcher({ queue: opened.queue, executor, settings: { refreshRate: 50 } });
    await role.start();
    isSlow = true;
    await opened.queue.addTask({ taskType: 'ping' });
    await eventually(() => claims > 0);
    const stopped = role.stop(60);
    await wait(60);
    claim.open();
    await stopped;
    expect(graces).toEqual([0]);
  });

  test('leaves its record where the database takes nothing back, and the next role finds it dead at once', async () => {
    const { proxy, role, here } = await roleBehindProxy({ leaseMs: 600_000, heartbeatMs: 200_000 });
    const id = await opened.queue.addTask({ taskType: 'ping' });
    await eventually(() => role.load.running === 1);
    proxy.swallow();
    await role.stop(0);
    expect(here.named('queue.stillHeld')).toMatchObject([{ fields: { count: 1 } }]);
    expect(await opened.stateOf(id)).toBe('running');
    await opened.role({ ping: () => 'rescued' });
    await opened.becomes(id, 'done');
  });
});

test('a caller hears in bounded time that a task may be in the queue or not, and adds it again safely', async () => {
  const { proxy, here } = await roleBehindProxy({});
  await here.queue.addTask({ taskType: 'ping', _id: 'first' });
  proxy.swallow();
  const error: TaskNotConfirmedError = await here.queue.addTask({ taskType: 'ping', _id: 'mine' }).catch(e => e);
  expect(error).toBeInstanceOf(TaskNotConfirmedError);
  expect(error.message).toMatch(
    /did not confirm that it has task "mine": .* add the same again with _id: "mine" and once: true/,
  );
  expect(error).toMatchObject({ ids: ['mine'], added: [] });
  await proxy.cut();
  await proxy.mend();
  for (const _ of [1, 2])
    await eventually(() => here.queue.addTask({ taskType: 'ping', _id: 'mine', once: true }).catch(() => false));
  expect(await opened.database.db.collection('taskQueue').countDocuments({ _id: 'mine' as never })).toBe(1);
});

test('many tasks go in by parts, and what is refused in one keeps its place', async () => {
  opened = await TestQueue.open();
  await opened.queue.addTask({ taskType: 'ping', _id: '1500' });
  const many = Array.from({ length: 2_500 }, (_, index) => ({ taskType: 'ping' as const, _id: String(index) }));
  await expect(opened.queue.addTasks(many)).rejects.toMatchObject({
    errors: [{ taskId: '1500', field: '_id' }],
    added: many.map(({ _id }) => _id).filter(id => id !== '1500'),
  });
  const large = Array.from({ length: 3 }, (_, index) => ({ taskType: 'ping' as const, _id: `large ${index}` }));
  expect(await opened.queue.addTasks(large)).toEqual(large.map(({ _id }) => _id));
});

describe('an index that is dropped while roles run', () => {
  const unique = { taskType: 'ping', uniqueKey: 'order-1', dueDate: new Date(Date.now() + 60_000) } as const;
  const names = async () => (await opened.queue.core.store.collection.indexes()).map(({ name }) => name);
  const role = () => opened.role({ ping: () => 'pong' }, { heartbeatMs: 200, leaseMs: 3_000 });
  const pings = async () => opened.becomes(await opened.queue.addTask({ taskType: 'ping' }), 'done');

  test('is made again, and so are all with the whole collection: tasks go on, a key is unique', async () => {
    opened = await TestQueue.open();
    const { collection } = opened.queue.core.store;
    const all = await names();
    await role();
    await pings();
    for (const name of ['claim', 'due', 'lease', 'uniqueKey_live_or_waiting', 'slot_taken']) {
      await collection.dropIndex(name);
      await eventually(async () => (await names()).includes(name));
      await pings();
    }
    await collection.drop();
    await pings();
    await eventually(async () => (await names()).length === all.length);
    await opened.queue.addTask(unique);
    await expect(opened.queue.addTask(unique)).rejects.toThrow('order-1');
  });

  test('of a version before gives way to the one of today', async () => {
    opened = await TestQueue.open();
    const { collection } = opened.queue.core.store;
    const partialFilterExpression = {
      uniqueKey: { $exists: true },
      state: { $in: ['scheduled', 'queued', 'running'] },
    };
    await collection.createIndex({ uniqueKey: 1 }, { name: 'uniqueKey_live', unique: true, partialFilterExpression });
    await opened.elsewhere();
    expect(await names()).not.toContain('uniqueKey_live');
    expect(await names()).toContain('uniqueKey_live_or_waiting');
  });

  test('is missed loudly where two tasks came in with one key meanwhile, and all others are made', async () => {
    opened = await TestQueue.open();
    const { collection } = opened.queue.core.store;
    const all = await names();
    await opened.queue.addTasks(['one', 'two'].map(_id => ({ ...unique, _id, uniqueKey: _id })));
    await collection.dropIndexes();
    await collection.updateMany({}, { $set: { uniqueKey: 'the same' } });
    await role();
    const reported = () => opened.named('queue.failed').find(({ fields }) => fields.step === 'make its indexes');
    await eventually(() => reported() !== undefined);
    expect(String(reported()?.fields.error)).toMatch(/index uniqueKey_live_or_waiting: .*duplicate key/);
    expect(await names()).toHaveLength(all.length - 1);
    await opened.queue.remove('two');
    await eventually(async () => (await names()).length === all.length);
  });
});

/** A role that sees the database through a proxy, on the database of `opened`. */
async function roleBehindProxy(settings: object) {
  opened = await TestQueue.open();
  const [address] = opened.database.client.options.hosts;
  const proxy = await TcpProxy.open(address?.host ?? '127.0.0.1', address?.port ?? 27017);
  const url = `mongodb://127.0.0.1:${proxy.port}/${opened.database.db.databaseName}?directConnection=true`;
  const connection = await connect(url, 'trouble', { callTimeoutMs: 1_500 });
  close = async () => {
    await proxy.close();
    await connection.close();
  };
  const here = await opened.elsewhere({ db: connection.db });
  const role = await here.role({ ping: () => gate().opened }, settings);
  return { proxy, here, role };
}
