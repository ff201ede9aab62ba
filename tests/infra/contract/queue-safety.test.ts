import { type Collection, ObjectId } from 'mongodb';
import { lineOf } from '../../../infra/monitor/messages';
import { Owners, ownerCollectionName } from '../../../infra/queue/lease/owners';
import type { Task } from '../../../infra/queue/model/task';
import { brokenDatabase } from '../../support/broken-database';
import { eventually } from '../../support/eventually';
import { gate, TestQueue } from '../../support/queue';
import { aTask } from '../../support/tasks';

let opened: TestQueue;
const keys = ['a key of thirty-two characters ...', 'an older key of many characters ..'];

afterEach(() => opened.close());

const stateOf = async (id: string) => (await opened.queue.findOne(id))?.state;
const becomes = (id: string, state: string) => eventually(async () => (await stateOf(id)) === state);
const collection = () => opened.queue.core.store.collection;

describe('signed tasks', () => {
  test('what was signed runs, with a key that has been rotated too', async () => {
    opened = await TestQueue.open({ signingKeys: [keys[1] as string] });
    const id = await opened.queue.addTask({ taskType: 'ping', data: { n: 1.5 } });
    const rotated = await opened.elsewhere({ signingKeys: keys });
    await rotated.role({ ping: () => 1 });
    await becomes(id, 'done');
  });

  test('a forged or changed task is rejected, never runs, and is reported', async () => {
    opened = await TestQueue.open({ signingKeys: keys });
    const ran: string[] = [];
    const changed = await opened.queue.addTask({ taskType: 'ping', data: { n: 1 } });
    await collection().updateOne({ _id: changed }, { $set: { 'data.n': 2 } });
    const other = await opened.queue.addTask({ taskType: 'ping', data: { n: 1 }, _id: 'genuine' });
    const { signature } = (await opened.queue.findOne(other)) as Task;
    await collection().insertMany([aTask({ _id: 'forged' }), aTask({ _id: 'stolen', data: { n: 1 }, signature })]);
    await opened.role({ ping: task => ran.push(task._id) });
    for (const id of [changed, 'forged', 'stolen']) await becomes(id, 'rejected');
    await becomes('genuine', 'done');
    expect(ran).toEqual(['genuine']);
    await eventually(() => opened.named('task.rejected').length === 3);
    expect((await opened.queue.findOne('forged'))?.error?.message).toContain('it has none');
  });

  test('a retry and a replay of a signed task verify', async () => {
    opened = await TestQueue.open({ signingKeys: keys });
    let fail = true;
    const handler = () => (fail ? Promise.reject(new Error('no')) : 'fine');
    await opened.role({ strict: handler });
    const id = await opened.queue.addTask({ taskType: 'strict', data: { rows: 1 } });
    await becomes(id, 'failed');
    fail = false;
    await opened.queue.retry(id);
    await becomes(id, 'done');
    await becomes(await opened.queue.replay(id), 'done');
  });
});

describe('a queue of meteor-cluster', () => {
  const old = (n: number, special: object = {}) => ({
    _id: `old${n}`,
    taskType: 'ping',
    priority: 1,
    data: { n },
    createdAt: new Date(),
    dueDate: new Date(),
    onGoing: false,
    ...special,
  });
  const insertOld = (...documents: object[]) => (collection() as unknown as Collection).insertMany(documents as never);

  test('nothing of it is lost or run twice, also where two roles start together', async () => {
    opened = await TestQueue.open();
    const ran: number[] = [];
    const handlers = { ping: (task: Task) => ran.push((task.data as { n: number }).n), second: () => 1 };
    await insertOld(
      ...Array.from({ length: 520 }, (_, n) => old(n, { onGoing: n % 50 === 0 })),
      old(900, { dueDate: new Date(Date.now() + 60_000) }),
      // What was never checked there may be anything.
      old(901, { taskType: 7 }),
      old(902, { taskType: 'second', data: undefined, dueDate: 'soon', createdAt: null, onGoing: null }),
      old(903, { taskType: 'second', data: {}, priority: 'high', dueDate: null }),
    );
    const other = await opened.elsewhere();
    await Promise.all([opened.role(handlers), other.role(handlers)]);
    await eventually(() => ran.length === 520);
    await eventually(async () => (await collection().countDocuments({ taskType: 'ping', state: 'done' })) === 520);
    expect([...ran].sort((a, b) => a - b)).toEqual(Array.from({ length: 520 }, (_, n) => n));
    expect(await stateOf('old900')).toBe('scheduled');
    expect(await stateOf('old901')).toBe('rejected');
    for (const id of ['old902', 'old903']) await becomes(id, 'done');
    expect(await collection().countDocuments({ onGoing: { $exists: true } })).toBe(0);
  });

  test('where tasks must be signed, it is taken over only when a setting allows it', async () => {
    opened = await TestQueue.open({ signingKeys: keys });
    await insertOld(old(1), old(2, { data: { owner: new ObjectId() } }));
    const refused = await opened.role({ ping: () => 1 });
    expect(opened.named('queue.takeOverRefused')).toHaveLength(1);
    expect(await collection().countDocuments({ onGoing: false })).toBe(2);
    await refused.stop();
    await opened.role({ ping: () => 1 }, { signTakeOver: true });
    await becomes('old1', 'done');
    expect((await opened.queue.findOne('old2'))?.error?.message).toContain('ping.data.owner: an ObjectId');
  });
});

describe('recurring tasks', () => {
  test('that re-add themselves do not multiply when two roles start together', async () => {
    opened = await TestQueue.open();
    const other = await opened.elsewhere();
    let rounds = 0;
    const handlersOf = ({ queue }: TestQueue) => ({
      ping: async ({ data }: Task) => {
        rounds++;
        await queue.addTask({ taskType: 'ping', data: data as object, dueDate: new Date(Date.now() + 150) });
      },
    });
    // As meteor-cluster's documentation shows: look whether there is one, then add it. Both look before either adds.
    const seed = async ({ queue }: TestQueue) => {
      const there = await queue.findOne({ taskType: 'ping' });
      return () => (there ? undefined : queue.addTask({ taskType: 'ping', data: { n: 1 } }));
    };
    const seeds = await Promise.all([seed(opened), seed(other)]);
    await Promise.all(seeds.map(add => add()));
    expect(await opened.queue.find().countAsync()).toBe(2);
    await Promise.all([opened.role(handlersOf(opened)), other.role(handlersOf(other))]);
    await eventually(() => rounds >= 6);
    const waiting = await collection().countDocuments({ state: { $in: ['scheduled', 'queued'] } });
    expect(waiting).toBeLessThanOrEqual(2);
    expect(await collection().countDocuments({ state: 'scheduled' })).toBeLessThanOrEqual(1);
  });
});

test.each([
  ['one after the other', (add: (hours: number) => Promise<string>) => add(1).then(() => add(72))],
  ['at once', (add: (hours: number) => Promise<string>) => Promise.all([add(1), add(72)])],
])('two follow-ups that a handler adds in one attempt, %s, are two tasks', async (_, addBoth) => {
  opened = await TestQueue.open();
  const handler = ({ _id, data }: Task) =>
    _id.startsWith('start')
      ? addBoth(hours => {
          const dueDate = new Date(Date.now() + hours * 3_600_000);
          return opened.queue.addTask({ taskType: 'ping', data: data as object, dueDate });
        })
      : undefined;
  await opened.role({ ping: handler });
  // Two of them at once, with the same payload: four follow-ups.
  for (const _id of ['start 1', 'start 2']) await opened.queue.addTask({ taskType: 'ping', _id, data: { n: 1 } });
  for (const id of ['start 1', 'start 2']) await becomes(id, 'done');
  expect(await collection().countDocuments({ state: 'scheduled' })).toBe(4);
});

describe('rescue', () => {
  const claimFor = async (owner: string, id: string, leaseMs: number) => {
    const now = opened.queue.core.clock.now();
    const leaseUntil = new Date(now.getTime() + leaseMs);
    await opened.queue.core.store.take([id], { owner, token: `token of ${owner}`, now, leaseUntil });
  };

  test.each(['first', 'later'])('a role that came %s and missed two heartbeats loses its tasks', async order => {
    opened = await TestQueue.open();
    const dead = new Owners(opened.database.db, 200);
    const join = () => dead.beat();
    const start = () => opened.role({ flaky: () => 'fine' }, { heartbeatMs: 200, leaseMs: 60_000 });
    const rescued: unknown[] = [];
    opened.queue.on('rescued', ({ task }) => rescued.push(task._id));
    const id = await opened.queue.addTask({ taskType: 'flaky' });
    await claimFor(dead.id, id, 60_000);
    for (const step of order === 'first' ? [join, start] : [start, join]) await step();
    await becomes(id, 'done');
    const task = await opened.queue.findOne(id);
    expect(task?.attempts.map(({ outcome }) => outcome)).toEqual(['rescued', 'done']);
    expect(task?.attempts[0]?.owner).toBe(dead.id);
    await eventually(() => rescued.length === 1 && rescued[0] === id);
  });

  test('a role that lives keeps its tasks, however long they take', async () => {
    opened = await TestQueue.open();
    const { open, opened: finished } = gate();
    let runs = 0;
    const handlers = {
      ping: () => {
        runs++;
        return finished;
      },
    };
    const settings = { heartbeatMs: 1_000, leaseMs: 3_000 };
    await opened.role(handlers, settings);
    const id = await opened.queue.addTask({ taskType: 'ping' });
    await eventually(() => runs === 1);
    await (await opened.elsewhere()).role(handlers, settings);
    await eventually(async () => {
      const { claimedAt, leaseUntil } = (await opened.queue.findOne(id)) as Task;
      return Number(leaseUntil) - Number(claimedAt) > 2 * settings.leaseMs;
    });
    open();
    await becomes(id, 'done');
    expect(runs).toBe(1);
  });

  test('a role whose statistics the database holds up is not taken for dead: its tasks run once', async () => {
    opened = await TestQueue.open();
    const { open, opened: answers } = gate();
    let isHeld = false;
    const slow = brokenDatabase(opened.database.db, 'bulkWrite', ([operations]) => {
      if (!JSON.stringify(operations).includes('"level":"minute"')) return undefined;
      isHeld = true;
      return answers;
    });
    const settings = { heartbeatMs: 200, leaseMs: 600_000 };
    let runs = 0;
    const busy = await opened.elsewhere({ db: slow });
    const handlers = {
      flaky: () => {
        runs++;
        return answers;
      },
    };
    const { owner } = await busy.role(handlers, settings);
    const id = await opened.queue.addTask({ taskType: 'flaky' });
    await eventually(() => isHeld && runs === 1);
    await opened.role(handlers, settings);
    const lastSeen = async () => {
      const record = await opened.database.db
        .collection<{ _id: string; lastSeen: Date }>(ownerCollectionName)
        .findOne({ _id: owner });
      return Number(record?.lastSeen);
    };
    const before = await lastSeen();
    try {
      // Five times as long as a role may be silent.
      await eventually(async () => (await lastSeen()) - before > 10 * settings.heartbeatMs, { timeoutMs: 20_000 });
    } finally {
      open();
    }
    await becomes(id, 'done');
    expect([runs, opened.named('queue.rescued')]).toEqual([1, []]);
  });

  test('a lease that is over frees its task even where nobody knows its owner', async () => {
    opened = await TestQueue.open();
    const id = await opened.queue.addTask({ taskType: 'flaky' });
    await claimFor('nobody', id, 300);
    await opened.role({ flaky: () => 'fine' });
    await becomes(id, 'done');
  });

  test('a task that was rescued too often has failed', async () => {
    opened = await TestQueue.open();
    const id = await opened.queue.addTask({ taskType: 'strict', data: { rows: 1 } });
    await claimFor('nobody', id, -1);
    await opened.role({ strict: () => 'fine' });
    await becomes(id, 'failed');
    expect((await opened.queue.findOne(id))?.error?.name).toBe('Rescued');
  });

  test('a late end of a task that was rescued changes nothing', async () => {
    opened = await TestQueue.open();
    const id = await opened.queue.addTask({ taskType: 'flaky' });
    let finishLate = (_: string) => {};
    let runs = 0;
    const first = new Promise<string>(resolve => {
      finishLate = resolve;
    });

    await opened.role({ flaky: () => (runs++ === 0 ? first : 'second') }, { heartbeatMs: 60_000 });
    await eventually(async () => (await stateOf(id)) === 'running' && runs === 1);
    await collection().updateOne({ _id: id }, { $set: { leaseUntil: new Date(0) } });
    await (await opened.elsewhere()).role({ flaky: () => 'second' });
    await becomes(id, 'done');
    finishLate('first');
    await eventually(() => opened.named('task.lost').length === 1);
    expect(await opened.queue.findOne(id)).toMatchObject({ state: 'done', result: 'second' });
  });
});

test('tasks that are lost together are one line in the log, with their count', async () => {
  opened = await TestQueue.open();
  const ids = await opened.queue.addTasks(Array.from({ length: 20 }, () => ({ taskType: 'flaky' as const })));
  let finish = () => {};
  const gate = new Promise<void>(resolve => {
    finish = resolve;
  });
  await opened.role({ flaky: () => gate }, { heartbeatMs: 60_000 }, { slots: 20 });
  await eventually(async () => (await collection().countDocuments({ state: 'running' })) === ids.length);
  // As after a database that was away: somebody else has them all by now.
  await collection().updateMany({}, { $set: { leaseUntil: new Date(0) } });
  await (await opened.elsewhere()).role({ flaky: () => 'second' }, {}, { slots: 20 });
  await eventually(async () => (await collection().countDocuments({ state: 'done' })) === ids.length);
  finish();
  const counted = () => opened.named('queue.lost').reduce((sum, { fields }) => sum + Number(fields.count), 0);
  await eventually(() => counted() === ids.length);
  expect(opened.named('queue.lost').length).toBeLessThan(5);
  expect(lineOf('task.lost', {}).level).toBe('debug');
  expect(lineOf('queue.lost', { count: 20 })).toMatchObject({
    level: 'warn',
    text: expect.stringContaining('20 leases'),
  });
});

test('a task that was interrupted starts before two hundred that came later', async () => {
  opened = await TestQueue.open();
  const { store } = opened.queue.core;
  const id = await opened.queue.addTask({ taskType: 'flaky' });
  await store.take([id], { owner: 'gone', token: 't', now: new Date(), leaseUntil: new Date(0) });
  const later = Array.from({ length: 200 }, () => ({ taskType: 'flaky' as const, front: true }));
  await opened.queue.addTasks(later);
  await opened.queue.pause();
  const started: string[] = [];
  await opened.role({ flaky: task => started.push(task._id) }, { batch: 1 }, { slots: 1 });
  await becomes(id, 'queued');
  await opened.queue.resume();
  await becomes(id, 'done');
  expect(started.indexOf(id)).toBe(0);
  expect(await opened.queue.findOne(id)).toMatchObject({ attempt: 2, priority: 5 });
});

test('an idle role asks at most two questions in each refreshRate', async () => {
  opened = await TestQueue.open();
  const { MongoClient } = await import('mongodb');
  const client = await new MongoClient(opened.database.url, { monitorCommands: true }).connect();
  const asked: string[] = [];
  const own = await opened.elsewhere({ db: client.db() });
  await own.role({ ping: () => 1 }, { refreshRate: 200 });
  // What a start asks has been asked when the first ticks are over.
  await new Promise(resolve => setTimeout(resolve, 500));
  const from = performance.now();
  // A type with `maxWait` asks in a rhythm of its own.
  client.on('commandStarted', ({ commandName, command: { filter = {} } }) => {
    const ageing =
      filter.taskType === 'humble' || /^{"\$gte":"humble/.test(JSON.stringify(filter.limitKey ?? filter.rateKey));
    if (!ageing) asked.push(commandName);
  });
  await new Promise(resolve => setTimeout(resolve, 1_500));
  client.removeAllListeners();
  const questions = asked.filter(name => ['find', 'aggregate', 'count', 'distinct', 'findAndModify'].includes(name));
  expect(questions.length).toBeLessThanOrEqual(2 * Math.ceil((performance.now() - from) / 200));
  await opened.close();
  await client.close();
});

test('a document among the due ones that the database refuses to promote holds up nobody else', async () => {
  opened = await TestQueue.open();
  await collection().insertMany(['a', 'poison', 'z'].map(_id => aTask({ _id, state: 'scheduled' })));
  // Whatever it is that makes the database refuse: here a validator that came later.
  const validator = { $or: [{ _id: { $ne: 'poison' } }, { state: 'scheduled' }] };
  await opened.database.db.command({ collMod: 'taskQueue', validator });
  const due: string[] = [];
  opened.queue.on('due', ({ task }) => due.push(task._id));
  await opened.role({ ping: () => 1 });
  for (const id of ['a', 'z']) await becomes(id, 'done');
  expect(due.sort()).toEqual(['a', 'z']);
  expect(await stateOf('poison')).toBe('scheduled');
  const last = await opened.queue.addTask({ taskType: 'ping', dueDate: new Date(Date.now() + 100) });
  await becomes(last, 'done');
});

test('a wrong clock on one machine harms nobody: dates are judged by the database', async () => {
  opened = await TestQueue.open();
  const realNow = Date.now;
  Date.now = () => realNow() + 3_600_000;
  try {
    const wrong = await opened.elsewhere();
    const id = await wrong.queue.addTask({ taskType: 'ping' });
    const task = await opened.queue.findOne(id);
    expect(Math.abs((task?.createdAt.getTime() ?? 0) - realNow())).toBeLessThan(60_000);
    expect(task?.state).toBe('queued');
  } finally {
    Date.now = realNow;
  }
});
