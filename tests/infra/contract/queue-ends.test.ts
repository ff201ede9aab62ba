import { setTimeout as wait } from 'node:timers/promises';
import { ObjectId } from 'mongodb';
import { countQueue } from '../../../infra/queue/api/counts';
import type { Task } from '../../../infra/queue/model/task';
import { brokenDatabase } from '../../support/broken-database';
import { eventually } from '../../support/eventually';
import { gate, hang, TestQueue } from '../../support/queue';
import { aTask } from '../../support/tasks';

let here: TestQueue;

beforeEach(async () => {
  here = await TestQueue.open();
});
afterEach(() => here.close());

test('a failed attempt is tried again after its backoff, sinks, and the last one fails the task', async () => {
  const seen: number[] = [];
  const events: string[] = [];
  for (const name of ['retry', 'error', 'done'] as const) here.queue.on(name, () => events.push(name));
  await here.role({
    flaky: task => {
      seen.push(task.attempt);
      throw new Error(`no ${task._id}`);
    },
  });
  const id = await here.queue.addTask({ taskType: 'flaky' });
  await here.becomes(id, 'failed');
  const task = await here.queue.findOne(id);
  expect(seen).toEqual([0, 1, 2]);
  expect(task).toMatchObject({ attempt: 3, priority: 3, basePriority: 5, error: { message: `no ${id}` } });
  expect(task?.attempts.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'failed']);
  expect(task?.error?.stack).toContain('queue-ends.test');
  await eventually(() => events.length === 3);
  expect(events).toEqual(['retry', 'retry', 'error']);
});

test('FatalError stops retrying', async () => {
  await here.role({
    flaky: () => {
      throw Object.assign(new Error('never'), { name: 'FatalError' });
    },
  });
  const id = await here.queue.addTask({ taskType: 'flaky' });
  await here.becomes(id, 'failed');
  expect((await here.queue.findOne(id))?.attempt).toBe(1);
});

test('the same error is grouped, and its 1st and 10th occurrence are told', async () => {
  await here.role({
    strict: task => {
      throw new Error(`row 17 of "${task._id}" is bad`);
    },
  });
  const tasks = Array.from({ length: 12 }, () => ({ taskType: 'strict' as const, data: { rows: 1 } }));
  const [first] = tasks;
  await here.queue.addTask(first as (typeof tasks)[0]);
  await eventually(() => here.named('task.errorGroup').length === 1);
  await here.queue.addTasks(tasks.slice(1));
  await eventually(async () => (await here.database.db.collection('taskErrors').findOne())?.count === 12);
  await eventually(() => here.named('task.errorGroup').length === 2);
  expect(here.named('task.errorGroup').map(({ fields }) => fields.mark)).toEqual([1, 10]);
  expect(await here.database.db.collection('taskErrors').countDocuments()).toBe(1);
});

test('cancel stops a running task from any role', async () => {
  const { open, opened } = gate();
  await here.role(
    {
      ping: async (_, { signal }) => {
        open();
        await new Promise(resolve => signal.addEventListener('abort', resolve));
      },
    },
    { refreshRate: 60_000 },
  );
  const id = await here.queue.addTask({ taskType: 'ping' });
  await opened;
  const elsewhere = await here.elsewhere();
  expect(await elsewhere.queue.cancel(id)).toBe('requested');
  await here.becomes(id, 'cancelled');
  expect((await here.queue.findOne(id))?.attempts[0]).toMatchObject({ outcome: 'cancelled' });
});

test('a cancel is heard at once also where the role has been busy and is full now', async () => {
  await here.role({ ping: () => wait(2), second: hang }, { refreshRate: 60_000, batch: 5 }, { slots: 5 });
  const some = Array.from({ length: 50 }, () => ({ taskType: 'ping' as const, priority: 9 }));
  const busyUntil = Date.now() + 900;
  while (Date.now() < busyUntil) {
    await here.queue.addTasks(some);
    await eventually(async () => (await here.queue.find({ state: 'queued' }).countAsync()) < 25, { everyMs: 5 });
  }
  const ids = await here.queue.addTasks(Array.from({ length: 5 }, () => ({ taskType: 'second' as const })));
  await eventually(
    async () =>
      (await here.queue.find({ state: 'running' }).countAsync()) === 5 && (await here.stateOf(ids[4]!)) === 'running',
  );
  const elsewhere = await here.elsewhere();
  await elsewhere.queue.cancel(ids[0] as string);
  await here.becomes(ids[0] as string, 'cancelled');
});

test('a payload that somebody wrote past addTask is rejected, never runs, and is reported', async () => {
  const ran: string[] = [];
  await here.queue.pause();
  const id = await here.queue.addTask({ taskType: 'strict', data: { rows: 1 } });
  await here.queue.core.store.collection.updateOne({ _id: id }, { $set: { 'data.rows': -1 } });
  await here.queue.resume();
  await here.role({ strict: task => ran.push(task._id) });
  await here.becomes(id, 'rejected');
  expect((await here.queue.findOne(id))?.error?.message).toContain('strict.data.rows: -1 is below 1');
  await eventually(() => here.named('task.rejected').length === 1);
  expect(ran).toEqual([]);
});

test('drain finishes what it can, hands the rest back untouched, and claims nothing more', async () => {
  const { open, opened } = gate();
  const dispatcher = await here.role({ ping: () => opened, second: hang });
  const quick = await here.queue.addTask({ taskType: 'ping' });
  const slow = await here.queue.addTask({ taskType: 'second' });
  for (const id of [quick, slow]) await here.becomes(id, 'running');
  const forgotten = { taskType: 'ping', inMemory: true, dueDate: new Date(Date.now() + 60_000) } as const;
  await here.queue.addTask(forgotten);
  const stopped = dispatcher.stop(1_000);
  open();
  await here.queue.addTask({ _id: 'too late', taskType: 'ping' });
  await stopped;
  expect(await here.stateOf(quick)).toBe('done');
  expect(await here.stateOf('too late')).toBe('queued');
  expect(here.named('queue.handedBack').map(({ fields }) => fields.count)).toEqual([1]);
  expect(here.named('queue.leftInMemory').map(({ fields }) => fields.count)).toEqual([1]);
  expect(await here.queue.findOne(slow)).toMatchObject({ state: 'queued', attempt: 0, attempts: [] });
  expect(await here.database.db.collection('taskOwners').countDocuments()).toBe(0);
  await dispatcher.stop(1_000);
});

test('a result that the database cannot hold fails its task and holds up no other', async () => {
  const handlers = { flaky: ({ data }: Task) => ((data as { n: number }).n === 7 ? 'x'.repeat(17e6) : 'fine') };
  await here.role(handlers, {}, { slots: 20 });
  const ids = await here.queue.addTasks(
    Array.from({ length: 20 }, (_, n) => ({ taskType: 'flaky' as const, data: { n } })),
  );
  for (const [n, id] of ids.entries()) await here.becomes(id, n === 7 ? 'failed' : 'done');
  expect((await here.queue.findOne(ids[7] as string))?.error?.message).toMatch(/put what is large into a file/i);
});

test('meteor-cluster listeners: one for each event, a second one takes its place', async () => {
  const heard: unknown[] = [];
  here.queue.addEventListener('done', () => heard.push('first'));
  here.queue.addEventListener('done', ({ value, task }) => heard.push([value, task.taskType]));
  here.queue.addEventListener('error', ({ value }) => heard.push((value as Error).message));
  await here.role({ ping: () => 'fine', strict: () => Promise.reject(new Error('no')) });
  await here.becomes(await here.queue.addTask({ taskType: 'ping' }), 'done');
  await here.becomes(await here.queue.addTask({ taskType: 'strict', data: { rows: 1 } }), 'failed');
  await eventually(() => heard.length === 2);
  here.queue.removeEventListener('done');
  await here.becomes(await here.queue.addTask({ taskType: 'ping' }), 'done');
  expect(heard).toEqual([['fine', 'ping'], 'no']);
});

test('counts say what to do where one of the indexes that they read is missing', async () => {
  await here.queue.addTask({ taskType: 'ping' });
  const { collection } = here.queue.core.store;
  for (const name of ['claim', 'due', 'waiting', 'lease']) {
    await collection.dropIndex(name);
    const missing = { name: 'IndexMissingError', message: expect.stringContaining('A running role makes it again') };
    await expect(here.queue.counts()).rejects.toMatchObject(missing);
    await here.queue.core.store.ensureIndexes();
    expect((await here.queue.counts()).total.queued).toBe(1);
  }
});

test('counts tell what waits, runs and has finished', async () => {
  const dispatcher = await here.role({ ping: () => 1, strict: () => Promise.reject(new Error('no')) });
  await here.becomes(await here.queue.addTask({ taskType: 'ping' }), 'done');
  await here.becomes(await here.queue.addTask({ taskType: 'strict', data: { rows: 1 } }), 'failed');
  await here.queue.addTask({ taskType: 'ping', dueDate: new Date(Date.now() + 60_000) });
  await dispatcher.stop();
  await here.queue.addTask({ taskType: 'second' });
  const counts = await here.queue.counts();
  expect(counts.total).toMatchObject({ scheduled: 1, queued: 1, running: 0, done: 1, failed: 1 });
  expect(counts.byType.second).toMatchObject({ queued: 1 });
  expect(counts.byType.second?.oldestQueued).toBeInstanceOf(Date);
  expect(counts.limited).toBe(false);
});

test('counts tell that they are cut, also where no type by itself has reached their limit', async () => {
  const dueDate = new Date(Date.now() + 60_000);
  const tasks = (['ping', 'second', 'ping', 'second'] as const).map(taskType => ({ taskType, dueDate }));
  await here.queue.addTasks(tasks);
  expect(await countQueue(here.queue.core, 5)).toMatchObject({ total: { scheduled: 4 }, limited: false });
  expect(await countQueue(here.queue.core, 3)).toMatchObject({ total: { scheduled: 3 }, limited: true });
});

test('drainQueue runs what is queued in the test itself, and says what ended', async () => {
  const { drainQueue } = await import('../../../infra/queue/testing/drain-queue');
  const [ping, strict] = await here.queue.addTasks([
    { taskType: 'ping', data: { n: 2 } },
    { taskType: 'strict', data: { rows: 1 } },
  ]);
  const later = await here.queue.addTask({ taskType: 'ping', dueDate: new Date(Date.now() + 60_000) });
  const handlers = { ping: () => 'fine', strict: () => Promise.reject(new Error('no')) };
  const ended = await drainQueue(here.queue, handlers);
  expect(ended.map(({ _id }) => _id).sort()).toEqual([ping, strict].sort());
  expect(await here.stateOf(later)).toBe('scheduled');
  expect((await drainQueue(here.queue, handlers, { evenLater: true })).map(({ _id }) => _id)).toEqual([later]);
});

test('what is cancelled while it waits is counted and told as well', async () => {
  const heard: string[] = [];
  here.queue.on('cancelled', ({ task }) => heard.push(`${task._id} ${task.state}`));
  await here.queue.addTask({ taskType: 'ping', _id: 'waits' });
  await here.queue.cancel('waits');
  expect((await here.queue.counts()).total).toMatchObject({ queued: 0, cancelled: 1 });
  expect(heard).toEqual(['waits cancelled']);
  expect(here.named('task.cancelled')).toHaveLength(1);
});

test('documents that no addTask would write are rejected or left alone, and hold up nobody', async () => {
  await here.queue.core.store.collection.insertMany([
    aTask({ _id: new ObjectId('0123456789abcdef01234567') as never }),
    aTask({ _id: 'no type', taskType: undefined as never }),
    aTask({ _id: 'a number for a type', taskType: 5 as never }),
    aTask({ _id: 'no data', data: null as never }),
    aTask({ _id: 'good' }),
    aTask({ _id: 'over', state: 'failed', deadline: new Date(0), deadlineWatch: 'bump' }),
  ]);
  expect((await here.queue.counts()).byType.ping).toMatchObject({ queued: 3 });
  expect(await here.queue.core.store.nextDeadline()).toBeUndefined();
  await here.role({ ping: () => 1 });
  await here.becomes('good', 'done');
  await here.becomes('no data', 'rejected');
  const withObjectId = () => here.queue.findOne({ 'error.name': 'IdError' });
  expect((await eventually(withObjectId)).error?.message).toBe('_id: 0123456789abcdef01234567 is not a text');
  expect(await here.stateOf('no type')).toBe('queued');
});

describe('a type that keeps nothing of what is done', () => {
  const settled = (name: 'done' | 'error') => {
    const seen: { id: string; value: unknown }[] = [];
    here.queue.on(name, ({ task, value }) => seen.push({ id: task._id, value }));
    return seen;
  };

  test('leaves no task, but its result for listeners, and its place in the statistics', async () => {
    const done = settled('done');
    const role = await here.role({ forgotten: ({ data }) => (data as { n: number }).n });
    await here.queue.addTasks(Array.from({ length: 30 }, (_, n) => ({ taskType: 'forgotten', data: { n } })));
    await eventually(() => done.length === 30);
    expect(done.map(({ value }) => Number(value)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 30 }, (_, n) => n),
    );
    expect(await here.queue.find().countAsync()).toBe(0);
    await role.stop(1_000);
    expect((await here.queue.counts()).byType.forgotten).toMatchObject({ done: 30 });
    expect(here.named('task.lost')).toEqual([]);
  });

  test('keeps what failed, and does the same in memory', async () => {
    const done = settled('done');
    await here.role({
      forgotten: task => {
        if (task._id === 'bad') throw new Error('no');
      },
    });
    await here.queue.addTask({ taskType: 'forgotten', _id: 'bad' });
    await here.queue.addTask({ taskType: 'forgotten', _id: 'quick', inMemory: true });
    await here.becomes('bad', 'failed');
    await eventually(() => done.length === 1);
    expect(here.queue.core.memory.get('quick')).toBeUndefined();
  });

  test('frees the id: what is added with once runs again', async () => {
    const done = settled('done');
    await here.role({ forgotten: () => undefined });
    for (const count of [1, 2]) {
      await here.queue.addTask({ taskType: 'forgotten', _id: 'mine', once: true });
      await eventually(() => done.length === count);
    }
  });

  test('is not lost where the reply of its removal is', async () => {
    let broken = 0;
    const db = brokenDatabase(here.database.db, 'deleteMany', () => {
      broken += 1;
      return undefined;
    });
    const real = db.collection('taskQueue');
    const lossy = brokenDatabase(here.database.db, 'deleteMany', input =>
      broken > 0
        ? undefined
        : (real.deleteMany as (...given: unknown[]) => Promise<unknown>)(...input).then(() => {
            throw Object.assign(new Error('the reply is lost'), { name: 'MongoNetworkError' });
          }),
    );
    const role = await here.elsewhere({ db: lossy, emit: here.connection.emit });
    const done: string[] = [];
    role.queue.on('done', ({ task }) => done.push(task._id));
    await role.role({ forgotten: () => undefined });
    await role.queue.addTask({ taskType: 'forgotten', _id: 'mine' });
    await eventually(() => done.length === 1);
    expect(broken).toBe(1);
    expect(here.named('task.lost')).toEqual([]);
  });
});
