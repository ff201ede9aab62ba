import { claimerOf } from '../../support/claimer';
import { eventually } from '../../support/eventually';
import { hang, TestQueue } from '../../support/queue';
import { readsOf } from '../../support/reads';

let here: TestQueue;

beforeEach(async () => {
  here = await TestQueue.open();
});
afterEach(() => here.close());

const running = (taskType: string) => here.queue.find({ taskType, state: 'running' }).countAsync();
const runningNow = (taskType: string, count: number) => eventually(async () => (await running(taskType)) === count);

test('another limit in each role holds at once in every role, until it is taken back', async () => {
  const elsewhere = await here.elsewhere();
  await elsewhere.role({ single: hang, ping: () => 1 });
  await here.queue.addTasks(Array.from({ length: 5 }, () => ({ taskType: 'single' as const })));
  await runningNow('single', 1);
  await here.queue.limits.override('single', { concurrency: 3 }, { by: 'Ada' });
  await runningNow('single', 3);
  expect(await here.queue.limits.list()).toEqual([
    { taskType: 'single', concurrency: 3, by: 'Ada', at: expect.any(Date) },
  ]);
  await here.queue.limits.override('single', { concurrency: 4 });
  await runningNow('single', 4);
  expect(elsewhere.queue.catalog.single.concurrency).toBe(1);
  expect(await here.queue.limits.reset('single')).toBe(true);
  expect(await here.queue.limits.reset('single')).toBe(false);
  await eventually(() => elsewhere.queue.core.catalog.single?.concurrency === 1);
  await here.queue.cancel({ taskType: 'single', state: 'running' });
  await runningNow('single', 1);
});

test('a limit over all roles is another one for what waits and for what is added', async () => {
  await here.role({ pairs: hang });
  const add = (count: number) =>
    here.queue.addTasks(Array.from({ length: count }, () => ({ taskType: 'pairs' as const })));
  await add(5);
  await runningNow('pairs', 2);
  await here.queue.limits.override('pairs', { concurrency: 4 });
  await runningNow('pairs', 4);
  await here.queue.limits.override('pairs', { concurrency: 1 });
  await here.queue.cancel({ taskType: 'pairs' });
  await runningNow('pairs', 0);
  const other = await here.elsewhere();
  await other.queue.limits.refresh();
  await other.queue.addTasks(Array.from({ length: 3 }, () => ({ taskType: 'pairs' as const })));
  await runningNow('pairs', 1);
  expect(await here.queue.find({ taskType: 'pairs', state: { $in: ['queued', 'running'] } }).countAsync()).toBe(1);
});

test('a rate that was used up is not waited for when there is another one, with a key or without', async () => {
  const started: string[] = [];
  const note = ({ taskType }: { taskType: string }) => {
    started.push(taskType);
  };
  await here.role({ seldom: note, ping: note });
  const seldom = { taskType: 'seldom' as const, data: { customer: 'ada' } };
  await here.queue.addTasks(
    Array.from({ length: 4 }, (_, n) => ({ ...seldom, data: { customer: 'ada', account: `${n}` } })),
  );
  await eventually(() => started.length === 2);
  await here.queue.limits.override('ping', { rateLimit: { max: 1, per: 3_600_000 } });
  await eventually(() => here.queue.core.catalog.ping?.rateLimit?.max === 1);
  await here.queue.addTasks(Array.from({ length: 3 }, () => ({ taskType: 'ping' as const })));
  await eventually(() => started.includes('ping'));
  await here.queue.limits.override('seldom', { rateLimit: { max: 4, per: 60_000 } });
  await eventually(() => started.filter(taskType => taskType === 'seldom').length === 4);
  expect(started.filter(taskType => taskType === 'ping')).toHaveLength(1);
  await here.queue.limits.reset('ping');
  await eventually(() => started.filter(taskType => taskType === 'ping').length === 3);
});

const types = ['background', 'ping', 'important'].map(taskType => ({ taskType, version: 1 }));
const add = () =>
  here.queue.addTasks([
    { taskType: 'background', priority: -9 },
    { taskType: 'background' },
    { taskType: 'important' },
    { taskType: 'ping' },
    { taskType: 'background' },
  ]);
const claim = async (minPriority?: number) =>
  (await claimerOf(here).claim({ limit: 2, types, ...(minPriority !== undefined && { minPriority }) })).tasks;

test('tasks of a type of another priority stand where that puts them, each as far from the others as before', async () => {
  await here.queue.limits.override('background', { priority: 10 });
  const ids = await add();
  const [first, second] = await claim();
  // -9 is one above low (-10): 11 now.
  expect([first?._id, second?._id]).toEqual([ids[0], ids[1]]);
  expect(first?.priority).toBe(-9);
  expect((await claim(11)).map(({ _id }) => _id)).toEqual([]);
  expect((await claim(10)).map(({ _id }) => _id)).toEqual([ids[2], ids[4]]);
  await here.queue.limits.reset('background');
  expect((await claim()).map(({ _id }) => _id)).toEqual([ids[3]]);
});

test('costs a claim no question where nothing is changed, and one for each other priority', async () => {
  const questions = async () => {
    await add();
    const reads = await readsOf(here.database.db, () => claim());
    return reads.filter(({ collection }) => collection === 'taskQueue').length;
  };
  const before = await questions();
  await here.queue.limits.override('ping', { concurrency: 7 });
  expect(await questions()).toBe(before);
  await here.queue.limits.override('ping', { priority: 5 });
  expect(await questions()).toBeGreaterThan(before);
});

test.each([
  [{ concurrency: 0 }, 'ping.concurrency: 0 is below 1'],
  [{ rateLimit: { max: 1 } }, 'ping.rateLimit.per: is missing'],
  [{ priority: 1.5 }, 'ping.priority: 1.5 is not an integer'],
  [{ concurency: 3 }, "ping.concurency: it can't be changed at run time, did you mean concurrency?"],
  [{}, 'ping: give at least one of concurrency, rateLimit, priority'],
])('refuses %j and says what is wrong', async (limits, problem) => {
  await expect(here.queue.limits.override('ping', limits as never)).rejects.toThrow(problem);
  expect(await here.queue.limits.list()).toEqual([]);
});

test('refuses a type that there is not, with the nearest', async () => {
  await expect(here.queue.limits.override('pin', { priority: 1 })).rejects.toThrow('did you mean ping');
});
