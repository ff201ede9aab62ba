import { Deploys } from '../../../infra/monitor/deploys';
import { statisticLevels } from '../../../infra/queue/model/statistics';
import type { StatisticRecord } from '../../../infra/queue/store/statistics';
import { eventually } from '../../support/eventually';
import { TestQueue } from '../../support/queue';
import { readsOf } from '../../support/reads';

/** Tomorrow: what is older than its retention goes within a minute, in the middle of a test. */
const day = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
const now = new Date(`${day}T22:59:30Z`);
const clock = { now: () => now };

let here: TestQueue;

beforeEach(async () => {
  here = await TestQueue.open({ clock });
  await here.queue.core.statistics.ensureIndexes();
});
afterEach(() => here.close());

const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
const lastMinutes = (taskType?: string) =>
  here.queue.statistics.series({ level: 'minute', from: minutesAgo(9), ...(taskType && { taskType }) });
const collection = () => here.database.db.collection<StatisticRecord & { expiresAt: Date }>('taskStatistics');

test('what is added, started and ends is counted by type and for all, at three levels, from two roles', async () => {
  const dispatcher = await here.role({ ping: () => 'pong', flaky: () => Promise.reject(new Error('no')) });
  const web = await here.elsewhere({ clock });
  await here.queue.addTasks(Array.from({ length: 3 }, () => ({ taskType: 'ping' as const })));
  await web.queue.addTask({ taskType: 'ping' });
  const failing = await web.queue.addTask({ taskType: 'flaky' });
  const later = await web.queue.addTask({ taskType: 'background', dueDate: new Date(now.getTime() + 60_000) });
  await web.queue.cancel(later);
  // The clock of this test stands still: a retry is due when somebody says so.
  await eventually(async () => {
    await here.queue.update({ taskType: 'flaky', state: 'scheduled' }, { $set: { dueDate: now } });
    return (await here.stateOf(failing)) === 'failed';
  });
  await eventually(async () => (await here.queue.find({ state: 'done' }).countAsync()) === 4);
  await dispatcher.stop();
  await web.queue.core.statistics.flush();

  const { points, whole } = await lastMinutes('ping');
  expect(points).toHaveLength(10);
  expect(points.at(-1)).toMatchObject({
    at: new Date(`${day}T22:59:00Z`),
    added: 4,
    started: 4,
    done: 4,
    failed: 0,
  });
  expect(points[0]).toMatchObject({ at: new Date(`${day}T22:50:00Z`), added: 0, done: 0 });
  expect(points[0]).not.toHaveProperty('run');
  expect(whole.run).toMatchObject({ count: 4, p50Ms: expect.any(Number), p95Ms: expect.any(Number) });
  expect(whole.wait?.count).toBe(4);
  expect((await lastMinutes('flaky')).whole).toMatchObject({ added: 1, started: 3, retried: 2, failed: 1 });
  for (const level of ['minute', 'hour', 'day'] as const)
    expect((await here.queue.statistics.series({ level, from: now })).whole).toMatchObject({
      added: 6,
      done: 4,
      failed: 1,
      cancelled: 1,
    });
  const byType = await here.queue.statistics.byType({ level: 'hour', from: now });
  expect([...byType.keys()].sort()).toEqual(['background', 'flaky', 'ping']);
  expect(byType.get('background')).toMatchObject({ added: 1, cancelled: 1 });
});

test('a type that somebody has made up gets no record of its own', async () => {
  here.queue.core.statistics.count('__proto__', 'rejected');
  here.queue.core.statistics.count('x'.repeat(10_000), 'rejected');
  await here.queue.core.statistics.flush();
  expect(await collection().distinct('_id.taskType')).toEqual([null]);
  expect((await lastMinutes()).whole.rejected).toBe(2);
});

test('what could not be written is written the next time', async () => {
  const { statistics } = here.queue.core;
  statistics.count('ping', 'done');
  await here.database.db.command({ collMod: 'taskStatistics', validator: { done: { $exists: false } } });
  await expect(statistics.flush()).rejects.toThrow('validation');
  await here.database.db.command({ collMod: 'taskStatistics', validator: {} });
  statistics.count('ping', 'done');
  await statistics.flush();
  expect((await lastMinutes('ping')).whole.done).toBe(2);
});

test('where nothing has happened nothing is written', async () => {
  const reads = await readsOf(here.database.db, () => here.queue.core.statistics.flush());
  expect(reads).toEqual([]);
  expect(await collection().countDocuments()).toBe(0);
});

test('a question reads no more than it shows, however much there is', async () => {
  const records = ['ping', 'flaky', null].flatMap(taskType =>
    Array.from({ length: 600 }, (_, minute) => ({
      _id: { level: 'minute', taskType, at: minutesAgo(minute) },
      done: 1,
      run: { 40: 1 },
    })),
  );
  await here.database.db.collection<{ _id: object }>('taskStatistics').insertMany(records);
  for (const query of [() => lastMinutes('ping'), () => lastMinutes()]) {
    const [read] = await readsOf(here.database.db, query);
    expect(read?.docsExamined).toBeLessThanOrEqual(10);
  }
  const [read] = await readsOf(here.database.db, () =>
    here.queue.statistics.byType({ level: 'minute', from: minutesAgo(9) }),
  );
  expect(read).toMatchObject({ plan: expect.stringContaining('IXSCAN') });
  expect(read?.docsExamined).toBeLessThanOrEqual(20);
});

test('a question for too much, or for nothing that is, is refused', async () => {
  const { statistics } = here.queue;
  await expect(statistics.series({ level: 'minute', from: minutesAgo(1_501) })).rejects.toThrow('1500 steps');
  await expect(statistics.series({ level: 'second' as never, from: now })).rejects.toThrow('level: "second"');
  await expect(statistics.series({ level: 'day', from: 'yesterday' as never })).rejects.toThrow('from: "yesterday"');
  expect((await statistics.series({ level: 'day', from: new Date(now.getTime() + 1e9) })).points).toEqual([]);
});

test('each level is kept for its time', async () => {
  here.queue.core.statistics.count('ping', 'done');
  await here.queue.core.statistics.flush();
  for (const [level, { stepMs, keepMs }] of Object.entries(statisticLevels)) {
    const record = await collection().findOne({ '_id.level': level, '_id.taskType': 'ping' } as object);
    expect(Number(record?.expiresAt) - Number(record?._id.at)).toBe(stepMs + keepMs);
  }
  const { expireAfterSeconds } = (await collection().indexes()).find(({ name }) => name === 'retention') ?? {};
  expect(expireAfterSeconds).toBe(0);
});

test('a deploy is the first time that a commit is seen', async () => {
  const deploys = new Deploys(here.database.db);
  await deploys.ensureIndexes();
  await deploys.mark({ version: '1.0.0', commit: 'aaa' });
  const [first] = await deploys.list(new Date(0));
  await deploys.mark({ version: '1.0.0', commit: 'aaa' });
  await deploys.mark({ version: '1.0.0', commit: '$bbb.c' });
  const listed = await deploys.list(new Date(0));
  expect(listed.map(({ commit }) => commit)).toEqual(['$bbb.c', 'aaa']);
  expect(listed[1]?.firstAt).toEqual(first?.firstAt);
  const reads = await readsOf(here.database.db, () => deploys.list(new Date()));
  expect(reads).toMatchObject([{ docsExamined: 0, plan: 'IXSCAN { firstAt: -1 }' }]);
});
