import { CodePauses } from '../../../infra/schedules/code-pauses';
import type { SchedulesOf } from '../../../infra/schedules/schedules';
import { TestQueue } from '../../support/queue';
import { readsOf } from '../../support/reads';
import { TestSchedules } from '../../support/schedules';

// The link is code of a role: here it runs in the test's own process, on the Node host's modules.
jest.mock('meteor/check', () => require('../../../infra/node-host/shared/check'), { virtual: true });
jest.mock('meteor/ddp', () => require('../../../infra/node-host/modules/ddp'), { virtual: true });
jest.mock('meteor/ddp-rate-limiter', () => require('../../../infra/node-host/ddp/rate-limiter'), {
  virtual: true,
});
jest.mock('meteor/ejson', () => require('../../../infra/node-host/shared/ejson'), { virtual: true });
jest.mock('meteor/meteor', () => require('../../../infra/node-host/modules/meteor'), { virtual: true });
jest.mock('meteor/mongo', () => require('../../../infra/node-host/modules/mongo'), { virtual: true });

const { ensureRunsIndex, schedulesView } = require('../../../infra/console/views/schedules');
const { connectJobs } = require('../../../infra/link');

let here: TestQueue;
let own: TestSchedules;
beforeEach(async () => {
  here = await TestQueue.open({ signingKeys: ['a key of the tests'] });
  own = await TestSchedules.of(here);
});
afterEach(async () => {
  connectJobs({ off: 'the test is over' });
  await own.stop();
  await here.close();
});

const pauses = () => new CodePauses(here.database.db, 'cronHistory');
const view = () =>
  schedulesView({
    queue: here.queue,
    schedules: own.schedules as unknown as SchedulesOf<object>,
    cronHistory: 'cronHistory',
    codePauses: pauses(),
  });
const names = (rows: { name: string }[]) => rows.map(({ name }) => name);

test('a stored schedule is shown in plain words with its next runs, and each of its last runs with how it ended', async () => {
  await here.role({ ping: () => 1, strict: () => Promise.reject(new Error('no rows')) });
  await own.schedules.put({ name: 'weekly', cron: '30 6 * * 1', timezone: 'Europe/Berlin', taskType: 'ping' });
  await own.schedules.put({ name: 'often', every: 5_400_000, taskType: 'strict', data: { rows: 1 } });
  const done = (await own.schedules.run('weekly')) as string;
  const failed = (await own.schedules.run('often')) as string;
  expect(await own.schedules.run('nobody')).toBeUndefined();
  await here.becomes(done, 'done');
  await here.becomes(failed, 'failed');
  const { rows, next } = await view().look({});
  expect(next).toBeUndefined();
  expect(rows).toMatchObject([
    { name: 'often', words: 'Every 90 minutes', runs: [{ outcome: 'failed', why: 'no rows', taskId: failed }] },
    {
      name: 'weekly',
      words: 'At 06:30, only on Monday',
      written: '30 6 * * 1',
      timezone: 'Europe/Berlin',
      runs: [{ outcome: 'done', taskId: done }],
      stored: { taskType: 'ping', paused: false, data: '{}' },
    },
  ]);
  expect(rows[1].next).toHaveLength(5);
  for (const [index, at] of rows[1].next.entries())
    expect(Number(at) - Number(rows[1].next[0])).toBeGreaterThanOrEqual(index * 7 * 86_400_000 - 3_600_000);
  await own.schedules.pause('weekly');
  expect((await view().look({})).rows[1]).toMatchObject({ next: [], stored: { paused: true } });
});

test('a schedule that somebody without the key has changed is not run by hand either', async () => {
  await own.schedules.put({ name: 'weekly', cron: '30 6 * * 1', taskType: 'strict', data: { rows: 1 } });
  await own.schedules.store.collection.updateOne({ _id: 'weekly' }, { $set: { data: { rows: 9 } } });
  await expect(own.schedules.run('weekly')).rejects.toThrow('its signature does not verify');
  await own.schedules.store.collection.insertOne({ _id: 'nonsense' } as never);
  expect(names((await view().look({})).rows)).toEqual(['nonsense', 'weekly']);
  expect(await here.queue.find({}).countAsync()).toBe(0);
});

test('the schedules of the code come first, with their runs by an index, and the stored ones page by page', async () => {
  const { db } = here.database;
  await ensureRunsIndex(db, 'cronHistory');
  const history = Array.from({ length: 400 }, (_, n) => ({
    ...{ name: n % 100 ? 'busy' : 'seldom', intendedAt: new Date(n * 1_000), finishedAt: new Date() },
    ...(n === 399 && { error: 'Error: no disk\n    at line' }),
  }));
  await db.collection('cronHistory').insertMany(history);
  const schedules = ['busy', 'seldom'].map(name => ({ name, text: 'every 5 minutes', next: [] }));
  connectJobs({ live: () => [{ _id: 'a', schedules }], isUp: () => true } as never);
  for (let n = 0; n < 22; n++)
    await own.schedules.put({
      name: `stored ${String(n).padStart(2, '0')}`,
      cron: '* * * * *',
      taskType: 'ping',
      paused: true,
    });
  const looked = view();
  let page = { rows: [] as { name: string; words: string; runs: object[] }[], next: '' };
  const reads = await readsOf(db, async () => {
    page = await looked.look({});
  });
  expect(names(page.rows).slice(0, 3)).toEqual(['busy', 'seldom', 'stored 00']);
  expect(page.rows).toHaveLength(22);
  expect(page.rows[0]?.words).toBe('every 5 minutes');
  expect(page.rows[0]?.runs).toHaveLength(30);
  expect(page.rows[0]?.runs[0]).toMatchObject({ outcome: 'failed', why: 'Error: no disk' });
  expect(page.rows[1]?.runs).toHaveLength(4);
  const ofHistory = reads.filter(({ collection }) => collection === 'cronHistory');
  expect(ofHistory.map(({ docsExamined }) => docsExamined).sort((a, b) => a - b)).toEqual([4, 30]);
  for (const { plan } of reads) expect(plan).not.toContain('COLLSCAN');
  const second = await looked.look({ after: page.next });
  expect(names(second.rows)).toEqual(['stored 20', 'stored 21']);
});

test('a schedule of the code that is paused is shown with who has paused it, and is not due', async () => {
  const next = [new Date(Date.now() + 60_000)];
  const schedules = ['clean up', 'report'].map(name => ({ name, text: 'every 1 minute', next }));
  connectJobs({ live: () => [{ _id: 'a', schedules }], isUp: () => true } as never);
  const rows = async () => (await view().look({})).rows;
  await pauses().pause('clean up', 'Ada');
  await pauses().pause('clean up', 'Otto');
  const [paused, other] = await rows();
  expect(paused).toMatchObject({ name: 'clean up', next: [], pause: { by: 'Ada', since: expect.any(Date) } });
  expect(other).toMatchObject({ name: 'report', next });
  expect(other).not.toHaveProperty('pause');
  expect((await pauses().list()).map(({ _id }) => _id)).toEqual(['clean up']);
  expect(await pauses().resume('clean up')).toBe(true);
  expect(await pauses().resume('clean up')).toBe(false);
  expect((await rows())[0]).toMatchObject({ name: 'clean up', next });
  expect((await rows())[0]).not.toHaveProperty('pause');
  await pauses().pause('clean up', 'Otto');
  expect((await rows())[0]).toMatchObject({ next: [], pause: { by: 'Otto' } });
});
