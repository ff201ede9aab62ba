import { setTimeout as wait } from 'node:timers/promises';
import { type ChangeStream, type Db, type Document, MongoClient } from 'mongodb';
import { brokenDatabase } from '../../support/broken-database';
import { eventually } from '../../support/eventually';
import { gate, TestQueue } from '../../support/queue';
import { startStandaloneMongod } from '../../support/standalone-mongod';

let opened: TestQueue;
beforeEach(async () => {
  opened = await TestQueue.open();
});
afterEach(() => opened.close());

test('a role that runs nothing gets the result of what another one runs, many at once', async () => {
  const web = await opened.elsewhere();
  await opened.role({
    ping: async task => {
      await wait(20);
      return { n: (task.data as { n: number }).n };
    },
  });
  const ids = await web.queue.addTasks(
    Array.from({ length: 30 }, (_, n) => ({ taskType: 'ping', data: { n } }) as const),
  );
  const results = await Promise.all(ids.map(id => web.queue.result(id)));
  expect(results).toEqual(ids.map((_, n) => ({ n })));
  // And of one that has ended long ago.
  expect(await web.queue.result(ids[7]!, { timeoutMs: 5_000 })).toEqual({ n: 7 });
});

test('an end without a result is an error that says how and why', async () => {
  const web = await opened.elsewhere();
  await opened.role({
    strict: () => {
      throw new Error('no paper');
    },
  });
  const failed = await web.queue.addTask({ taskType: 'strict', data: { rows: 1 } });
  await expect(web.queue.result(failed)).rejects.toMatchObject({
    name: 'TaskNotDoneError',
    taskId: failed,
    state: 'failed',
    error: { message: 'no paper' },
    message: `task "${failed}" is failed: Error: no paper`,
  });
  const later = await web.queue.addTask({ taskType: 'ping', dueDate: new Date(Date.now() + 3_600_000) });
  await expect(web.queue.result(later, { timeoutMs: 50 })).rejects.toMatchObject({ name: 'TimeoutError' });
  const cancelled = web.queue.result(later);
  await Promise.all([
    expect(cancelled).rejects.toMatchObject({ state: 'cancelled' }),
    wait(50).then(() => opened.queue.cancel(later)),
  ]);
  await expect(web.queue.result('nobody')).rejects.toThrow('there is no task "nobody"');
  await expect(web.queue.result(undefined as never)).rejects.toThrow('result: undefined is not the id of a task');
  await expect(web.queue.result('a', { timeoutMs: -1 })).rejects.toThrow('timeoutMs: -1 is not');
});

test('one that is removed while somebody waits is told of at once', async () => {
  const id = await opened.queue.addTask({ taskType: 'ping', dueDate: new Date(Date.now() + 3_600_000) });
  const web = await opened.elsewhere();
  const result = web.queue.result(id);
  await Promise.all([
    expect(result).rejects.toThrow('there is no task'),
    wait(100).then(() => opened.queue.remove(id)),
  ]);
});

test('a task in memory has its result in the role that has it', async () => {
  const hold = gate();
  await opened.role({ ping: async () => hold.opened.then(() => 'from memory') });
  const id = await opened.queue.addTask({ taskType: 'ping', inMemory: true });
  const result = opened.queue.result(id);
  hold.open();
  expect(await result).toBe('from memory');
});

test('while nobody waits, nothing is asked', async () => {
  const web = await opened.elsewhere();
  await opened.role({ ping: () => 1 });
  await web.queue.result(await web.queue.addTask({ taskType: 'ping' }));
  const { stream, timer } = (web.queue as unknown as { results: { stream: unknown; timer: { _destroyed: boolean } } })
    .results;
  expect([stream, timer._destroyed]).toEqual([undefined, true]);
});

/** A queue elsewhere whose database answers one command only when the test says so, and what it does meanwhile. */
async function slowlyAnswered(name: 'hello' | 'ping') {
  const { db } = opened.database;
  const hold = gate();
  const seen = { streams: [] as ChangeStream[], looks: 0, asked: 0, answered: 0, isHeld: false };
  const watching = brokenDatabase(db, 'watch', input => {
    const stream = db.collection('taskQueue').watch(...(input as []));
    seen.streams.push(stream);
    return stream as never;
  });
  const looking = brokenDatabase(watching, 'find', () => {
    seen.looks++;
    return undefined;
  });
  const command = async (asked: Document) => {
    if (!seen.isHeld || !(name in asked)) return db.command(asked);
    seen.asked++;
    await hold.opened;
    const answer = await db.command(asked);
    seen.answered++;
    return answer;
  };
  const web = await opened.elsewhere({ db: Object.assign(Object.create(looking) as Db, { command }) });
  seen.isHeld = true;
  return { web, seen, open: hold.open };
}

test('while the database answers slowly one stream is opened, and it is closed when nobody waits any more', async () => {
  const { web, seen, open } = await slowlyAnswered('hello');
  const id = await opened.queue.addTask({ taskType: 'ping', dueDate: new Date(Date.now() + 3_600_000) });
  const result = web.queue.result(id, { timeoutMs: 120_000 });
  // One look at once, and one with each poll.
  await eventually(() => seen.looks > 4);
  open();
  await eventually(() => seen.streams.length > 0);
  await opened.role({ ping: () => 'at last' });
  await opened.queue.update(id, { $set: { dueDate: new Date() } });
  expect(await result).toBe('at last');
  expect(seen.streams).toHaveLength(1);
  await eventually(() => seen.streams[0]?.closed);
});

test('no stream is opened for a caller that has left meanwhile', async () => {
  const { web, seen, open } = await slowlyAnswered('ping');
  const id = await opened.queue.addTask({ taskType: 'ping', dueDate: new Date(Date.now() + 3_600_000) });
  const result = web.queue.result(id, { timeoutMs: 300 });
  await Promise.all([expect(result).rejects.toMatchObject({ name: 'TimeoutError' }), eventually(() => seen.asked > 0)]);
  open();
  await eventually(() => seen.answered === seen.asked);
  expect(seen.streams).toEqual([]);
});

test('without change streams a poll tells', async () => {
  const mongod = await startStandaloneMongod();
  const url = mongod.urlOf('results');
  const client = await new MongoClient(url).connect();
  const db = client.db();
  const alone = await TestQueue.open({}, { url, db, client, drop: () => client.close() });
  const web = await alone.elsewhere();
  await alone.role({ ping: () => 'polled' }, { refreshRate: 50 });
  const id = await web.queue.addTask({ taskType: 'ping' });
  expect(await web.queue.result(id)).toBe('polled');
  await alone.close();
  await eventually(() => mongod.stop().then(() => true));
});
