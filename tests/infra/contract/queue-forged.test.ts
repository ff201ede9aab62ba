import { MongoClient } from 'mongodb';
import type { Task, TaskState } from '../../../infra/queue/model/task';
import { eventually } from '../../support/eventually';
import { TestQueue } from '../../support/queue';
import { aTask } from '../../support/tasks';

let opened: TestQueue;
let closeClient: (() => Promise<void>) | undefined;
afterEach(async () => {
  await opened.close();
  await closeClient?.();
  closeClient = undefined;
});

const collection = () => opened.queue.core.store.collection;
const insert = (documents: object[]) => collection().insertMany(documents as Task[]);
const named = async (state: TaskState) =>
  (await collection().find({ state }).project({ _id: 1 }).toArray()).map(({ _id }) => _id);

/** What somebody who can write to the database may make of a task: each is wrong in one thing. */
const forged: Record<string, object> = {
  attempts: { attempts: 'x' },
  attempt: { attempt: 'x' },
  priority: { priority: 'high' },
  basePriority: { basePriority: 1.5 },
  dueDate: { dueDate: 'soon' },
  createdAt: { createdAt: 'yesterday' },
  wildDate: { createdAt: { $date: 5 } },
  deadline: { deadline: 'soon', deadlineWatch: 'bump' },
  place: { place: 99 },
  sender: { sender: 'me' },
  noSender: { sender: null },
  history: { attempts: Array.from({ length: 2_000 }, () => ({ outcome: 'done' })) },
  taskType: { taskType: ['ping'] },
  data: { data: 7 },
  uniqueKey: { uniqueKey: 5 },
  cancelRequested: { cancelRequested: 'yes' },
  large: { data: { text: 'x'.repeat(16 * 1024 * 1024 - 400) } },
};
const forgeries = (special: object) =>
  Object.entries(forged).map(([_id, wrong]) => ({ ...aTask({ _id }), ...special, ...wrong }));

/** How often a role writes in a while, by its own connection. */
async function countingWrites() {
  const client = await new MongoClient(opened.database.url, { monitorCommands: true }).connect();
  const writes: string[] = [];
  client.on('commandStarted', ({ commandName, command }) => {
    if (['update', 'findAndModify'].includes(commandName) && Object.values(command).includes('taskQueue'))
      writes.push(commandName);
  });
  const role = await opened.elsewhere({ db: client.db() });
  closeClient = () => client.close();
  return { role, writes };
}

test('a forged document that waits is ended once, and keeps no role from its work, nor writing', async () => {
  opened = await TestQueue.open();
  await insert([...forgeries({ priority: 5 }), { ...aTask(), _id: 7 as never, priority: 5 }]);
  const { role, writes } = await countingWrites();
  const ran: unknown[] = [];
  await role.role({ ping: task => ran.push(task._id) });
  const honest = await opened.queue.addTask({ taskType: 'ping' });
  await opened.becomes(honest, 'done');
  const all = Object.keys(forged).length + 1;
  await eventually(async () => (await named('rejected')).length + (await named('failed')).length === all);
  expect(await named('failed')).toEqual(['large']);
  expect(ran).toEqual([honest]);
  const { error } = (await collection().findOne({ _id: 'attempts' })) as Task;
  expect(error).toMatchObject({ name: 'TaskError', message: 'attempts: "x" is not what a task has there' });
  const before = writes.length;
  await new Promise(resolve => setTimeout(resolve, 600));
  expect(writes.length - before).toBeLessThanOrEqual(2);
  // Retried by hand, it is rejected once more.
  expect(await opened.queue.retry('sender')).toBe(true);
  await opened.becomes('sender', 'rejected');
});

test('a forged document that says it runs is set aside once, and keeps no task from its rescue', async () => {
  opened = await TestQueue.open();
  const running = { state: 'running', owner: 'gone', token: 't', leaseUntil: new Date(0), claimedAt: new Date(0) };
  const odd = { ...aTask({ _id: 'owner' }), ...running, owner: { $gt: '' } };
  await insert([...forgeries(running), odd, { ...aTask({ _id: 'honest', taskType: 'flaky' }), ...running }]);
  const { role, writes } = await countingWrites();
  await role.role({ ping: () => 1, flaky: () => 1 });
  await opened.becomes('honest', 'done');
  await eventually(async () => (await named('running')).length === 0);
  const before = writes.length;
  await new Promise(resolve => setTimeout(resolve, 600));
  expect(writes.length - before).toBeLessThanOrEqual(2);
});

test('a text as a date, written while a role looks on, ends nobody and holds up nobody', async () => {
  opened = await TestQueue.open();
  await opened.role({ ping: () => 1 }, { refreshRate: 60_000 });
  await insert([
    { ...aTask({ _id: 'a' }), state: 'scheduled', dueDate: 'soon' },
    { ...aTask({ _id: 'b' }), state: 'scheduled', deadline: 'soon', deadlineWatch: 'bump', dueDate: 5 },
    { ...aTask({ _id: 'c' }), state: 'scheduled', dueDate: new Date(8.64e15), deadline: {}, deadlineWatch: 'odd' },
  ]);
  const id = await opened.queue.addTask({ taskType: 'ping', dueDate: new Date(Date.now() + 150) });
  await opened.becomes(id, 'done');
});

describe('what is no pause and no limit in the document of both', () => {
  const control = () => opened.database.db.collection<{ _id: string }>('taskControl');
  const write = (fields: object) => control().updateOne({ _id: 'pauses' }, { $set: fields }, { upsert: true });
  const reported = () => opened.named('queue.failed').map(({ fields }) => String(fields.error));
  const pings = async () => opened.becomes(await opened.queue.addTask({ taskType: 'ping' }), 'done');
  const at = new Date(0);

  test.each<[object, string]>([
    [{ limits: null }, 'limits: null is not a list'],
    [{ limits: 'none' }, 'limits: "none" is not a list'],
    [{ limits: [null] }, 'limits.0: null is not an object'],
    [{ limits: [{ taskType: ['ping'], at }] }, 'limits.0.taskType: ["ping"] is not a text'],
    [{ limits: [{ taskType: 'ping', concurrency: 'x', at }] }, 'limits.0: ping.concurrency: "x" is not a number'],
    [{ limits: [{ taskType: 'ping', priority: 1, at: 5 }] }, 'limits.0.at: 5 is not a date'],
    [{ types: 7 }, 'types: 7 is not a list'],
    [{ types: [null] }, 'types.0: null is not the name of a task type'],
  ])('%j keeps no role from its start nor from its work, and is reported once', async (fields, problem) => {
    opened = await TestQueue.open();
    await write(fields);
    await opened.role({ ping: () => 1 }, { refreshRate: 20 });
    await pings();
    await opened.queue.limits.refresh();
    await opened.queue.pause();
    await opened.queue.resume();
    await pings();
    expect(reported()).toEqual([expect.stringContaining(problem)]);
  });

  test('holds up neither what else is changed there, nor a role that runs', async () => {
    opened = await TestQueue.open();
    await opened.role({ ping: () => 1 }, { refreshRate: 20 });
    await write({ limits: null });
    await eventually(() => reported().length === 1);
    expect(await opened.queue.limits.reset('single')).toBe(false);
    await opened.queue.limits.override('single', { concurrency: 3 });
    expect(opened.queue.core.catalog.single?.concurrency).toBe(3);
    await write({ limits: [5, { taskType: 'single', concurrency: 4, at }], types: [{}, 'strict'] });
    await eventually(() => opened.queue.core.catalog.single?.concurrency === 4);
    const paused = await opened.queue.addTask({ taskType: 'strict', data: { rows: 1 } });
    await pings();
    expect(await opened.stateOf(paused)).toBe('queued');
  });
});

test('a limit or a rate that is no text keeps nothing else waiting', async () => {
  opened = await TestQueue.open();
  await opened.role({ turns: () => 1, calls: () => 1 }, { refreshRate: 60_000 });
  const waits = { taskType: 'turns', data: { customer: 'a' }, state: 'waiting', waitsFor: 'slot' };
  for (const limitKey of [5, { $gt: '' }, null, ['turns/a']])
    await insert([
      { ...aTask(), ...waits, limitKey },
      { ...aTask(), state: 'waiting', waitsFor: 'predecessors', after: 5, afterBatch: { $gt: '' } },
    ]);
  await insert([{ ...aTask({ _id: 'honest' }), ...waits, limitKey: 'turns/a' }]);
  await opened.becomes('honest', 'done');
  await insert([{ ...aTask({ taskType: 'calls', priority: 9 }), data: { customer: 'a' }, rateKey: 5 }]);
  const ids = await opened.queue.addTasks(
    [1, 2, 3].map(() => ({ taskType: 'calls', data: { customer: 'a' } }) as const),
  );
  for (const id of ids) await opened.becomes(id, 'done');
  expect(opened.named('queue.failed')).toEqual([]);
});

test.each<[unknown]>([[null], ['x'], [{ count: 5 }], [[null, 7, { until: 'soon', count: 'x' }]]])(
  '%j as the log of a rate keeps no task from its claim, nor from its line',
  async odd => {
    opened = await TestQueue.open();
    const control = opened.database.db.collection<{ _id: string }>('taskControl');
    await control.insertMany(
      ['rate:limited', 'rate:calls/a', 'rate:calls/b'].map(_id => ({ _id, pending: odd, begun: odd, now: odd })),
    );
    await insert([
      {
        ...aTask({ taskType: 'calls' }),
        state: 'waiting',
        waitsFor: 'rate',
        rateKey: 'calls/b',
        data: { customer: 'b' },
      },
    ]);
    const ids = await opened.queue.addTasks([
      { taskType: 'limited' },
      { taskType: 'calls', data: { customer: 'a' } },
      { taskType: 'ping' },
    ]);
    await opened.role({ ping: () => 1, limited: () => 1, calls: () => 1 });
    for (const id of ids) await opened.becomes(id, 'done');
    await eventually(async () => (await named('done')).length === 4);
    expect(opened.named('queue.failed')).toEqual([]);
  },
);

test('what is to end with the task that it comes after, and is too large for that, holds up no other', async () => {
  opened = await TestQueue.open();
  const waits = { state: 'waiting', waitsFor: 'predecessors', after: ['first'] };
  await insert([
    { ...aTask({ _id: 'first', state: 'failed' }) },
    { ...aTask({ _id: 'large' }), ...waits, ...forged.large },
    { ...aTask({ _id: 'small' }), ...waits },
  ]);
  await opened.role({});
  for (const id of ['small', 'large']) await opened.becomes(id, 'failed');
  expect(opened.named('task.setAside')).toMatchObject([{ fields: { taskId: 'large' } }]);
});

describe('with signing keys', () => {
  const keys = ['a key of thirty-two characters ...'];

  test.each<[string, object]>([
    ['its priority', { basePriority: 10 }],
    ['its place', { place: 0 }],
    ['its payload', { data: { n: 2 } }],
    ['its deadline', { deadline: new Date(5) }],
    ['its unique key', { uniqueKey: 'k' }],
    ['its sender', { 'sender.rootUrl': 'https://evil.example' }],
    ['its signature', { signature: 'v2:x' }],
    ['its origin', { origin: 'x' }],
    ['its creation date', { createdAt: new Date(5) }],
  ])('a task of which somebody has changed %s is rejected', async (_, change) => {
    opened = await TestQueue.open({ signingKeys: keys });
    await opened.queue.pause();
    const id = await opened.queue.addTask({ taskType: 'ping', data: { n: 1 } });
    await collection().updateOne({ _id: id }, { $set: change });
    await opened.role({ ping: () => 1 });
    await opened.queue.resume();
    await opened.becomes(id, 'rejected');
  });

  test('nobody’s forgery is signed anew by a replay, nor by an update', async () => {
    opened = await TestQueue.open({ signingKeys: keys });
    await insert([aTask({ _id: 'forged', state: 'done' }), aTask({ _id: 'waits', state: 'scheduled' })]);
    await expect(opened.queue.replay('forged')).rejects.toThrow('task "forged" cannot be trusted: its signature');
    expect(await opened.queue.update('waits', { $set: { deadline: new Date() } })).toBe(0);
    expect(await opened.queue.findOne('waits')).not.toHaveProperty('signature');
  });

  test('a deadline that is set later is signed, and its task runs', async () => {
    opened = await TestQueue.open({ signingKeys: keys });
    const dueDate = new Date(Date.now() + 3_600_000);
    const ids = await opened.queue.addTasks([
      { taskType: 'ping', dueDate },
      { taskType: 'ping', dueDate },
    ]);
    const later = { $set: { deadline: dueDate, dueDate: new Date() }, $inc: { priority: 3 } };
    expect(await opened.queue.update({ taskType: 'ping' }, later, { multi: true })).toBe(2);
    expect(await opened.queue.update(ids[0] as string, { $unset: { deadline: '' } })).toBe(1);
    await opened.role({ ping: () => 1 });
    for (const id of ids) await opened.becomes(id, 'done');
    await opened.becomes(await opened.queue.replay(ids[1] as string), 'done');
  });
});
