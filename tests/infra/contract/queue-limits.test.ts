import { setTimeout as wait } from 'node:timers/promises';
import { RateLimits } from '../../../infra/queue/store/rate-limits';
import { claimerOf } from '../../support/claimer';
import { eventually } from '../../support/eventually';
import { gate, TestQueue } from '../../support/queue';

let here: TestQueue;

beforeEach(async () => {
  here = await TestQueue.open();
});
afterEach(() => here.close());

test('no more tasks of a type run at once than its concurrency, and others go past them', async () => {
  const { open, opened } = gate();
  let running = 0;
  let most = 0;
  await here.role({
    single: async () => {
      most = Math.max(most, ++running);
      await opened;
      running--;
    },
    ping: () => 1,
  });
  const ids = await here.queue.addTasks(
    Array.from({ length: 4 }, () => ({ taskType: 'single' as const, priority: 9 })),
  );
  const other = await here.queue.addTask({ taskType: 'ping' });
  await here.becomes(other, 'done');
  open();
  for (const id of ids) await here.becomes(id, 'done');
  expect(most).toBe(1);
});

test('a role runs no more tasks at once than its limit', async () => {
  let running = 0;
  let most = 0;
  const handler = async () => {
    most = Math.max(most, ++running);
    await wait(5);
    running--;
  };
  await here.role({ ping: handler }, { concurrency: 2 });
  const ids = await here.queue.addTasks(Array.from({ length: 10 }, () => ({ taskType: 'ping' as const })));
  for (const id of ids) await here.becomes(id, 'done');
  expect(most).toBe(2);
});

test('a rate limit holds over two roles', async () => {
  const starts: number[] = [];
  const handlers = { limited: () => starts.push(Date.now()) };
  await here.role(handlers);
  await (await here.elsewhere()).role(handlers);
  const ids = await here.queue.addTasks(Array.from({ length: 7 }, () => ({ taskType: 'limited' as const })));
  for (const id of ids) await here.becomes(id, 'done');
  expect(starts).toHaveLength(7);
  // In no span of 1,500 ms more than 3.
  for (const [index, start] of starts.slice(3).entries()) expect(start - starts[index]!).toBeGreaterThanOrEqual(1_500);
});

describe('the log of a rate', () => {
  const window = { max: 10, per: 1_000 };
  const rates = () => new RateLimits(here.queue.core.db);
  const reserve = async (count: number) => (await rates().reserve([{ name: 'api', count, window }]))[0]!;
  const granted = async (count: number) => (await reserve(count)).granted;
  const some = (count: number, { id }: { id: string }) => [{ id, name: 'api', window, count }];

  test('counts what was granted until it has begun, and from then on for a whole span', async () => {
    const grant = await reserve(8);
    expect([grant.granted, await granted(8), await granted(1)]).toEqual([8, 2, 0]);
    await wait(2 * window.per);
    expect(await granted(1)).toBe(0);
    await rates().begun(some(8, grant));
    expect(await granted(1)).toBe(0);
    await eventually(async () => (await granted(10)) === 8);
  });

  test('gives to others what does not begin', async () => {
    const grant = await reserve(10);
    await rates().release(some(4, grant));
    expect([await granted(10), await granted(1)]).toEqual([4, 0]);
  });

  test('is kept small, and on the strict side, however many begin one after the other', async () => {
    const begun: number[] = [];
    const one = async () => {
      const grant = await reserve(1);
      if (grant.granted === 0) return;
      begun.push(Date.now());
      await rates().begun(some(1, grant));
    };
    await eventually(async () => {
      await Promise.all([one(), one(), one()]);
      return begun.length >= 40;
    });
    begun.sort((a, b) => a - b);
    for (const [index, at] of begun.slice(10).entries())
      expect(at - begun[index]!).toBeGreaterThanOrEqual(window.per - 5);
    const log = await here.queue.core.db.collection('taskControl').findOne({ _id: 'rate:api' as never });
    expect(log?.begun.length).toBeLessThanOrEqual(22);
  });
});

test('pause holds a type in every role, resume lets it go', async () => {
  await here.role({ ping: () => 1, second: () => 2 });
  const elsewhere = await here.elsewhere();
  await elsewhere.queue.pause('ping');
  // What was added before the pause was heard has run; the next one is held.
  const held = await eventually(async () => {
    const id = await here.queue.addTask({ taskType: 'ping' });
    await here.becomes(await here.queue.addTask({ taskType: 'second' }), 'done');
    return (await here.stateOf(id)) === 'queued' ? id : undefined;
  });
  await elsewhere.queue.resume('ping');
  await here.becomes(held, 'done');
});

test('a task of a type or version that the role does not know stays queued and is reported once', async () => {
  const { collection } = here.queue.core.store;
  await here.queue.pause();
  const id = await here.queue.addTask({ taskType: 'ping' });
  const newer = await here.queue.addTask({ taskType: 'ping' });
  await collection.updateOne({ _id: id }, { $set: { taskType: 'fromTomorrow' } });
  await collection.updateOne({ _id: newer }, { $set: { catalogVersion: 2 } });
  await here.queue.resume();
  await here.role({ ping: () => 1 }, { refreshRate: 20 });
  await eventually(() => here.named('queue.unknownType').length >= 2);
  await wait(500);
  const types = here.named('queue.unknownType').map(({ fields }) => `${fields.taskType}@${fields.catalogVersion}`);
  expect(types.sort()).toEqual(['fromTomorrow@1', 'ping@2']);
  expect([await here.stateOf(id), await here.stateOf(newer)]).toEqual(['queued', 'queued']);
});

test('an overloaded role starts nothing low, then nothing medium, says so once, and again when it resumes', async () => {
  let delay = 120;
  const measureLoad = () => ({ eventLoopDelayMs: delay, cpu: 0, freeMemoryMb: 9_999 });
  const handlers = { background: () => 1, ping: () => 2, important: () => 3 };
  const dispatcher = await here.role(handlers, { overload: { eventLoopDelayMs: 100 }, measureLoad, refreshRate: 30 });
  // A claim that was under way when the load was judged may still bring something: another one after it tells.
  const overloaded = async (times: number) => {
    await eventually(() => here.named('queue.overloaded').length === times);
    await here.becomes(await here.queue.addTask({ taskType: 'important' }), 'done');
  };
  await overloaded(1);
  const low = await here.queue.addTask({ taskType: 'background' });
  await here.becomes(await here.queue.addTask({ taskType: 'ping' }), 'done');
  delay = 170;
  await overloaded(2);
  const medium = await here.queue.addTask({ taskType: 'ping' });
  await here.becomes(await here.queue.addTask({ taskType: 'important' }), 'done');
  expect([await here.stateOf(low), await here.stateOf(medium)]).toEqual(['queued', 'queued']);
  delay = 1;
  await here.becomes(low, 'done');
  await here.becomes(medium, 'done');
  expect(here.named('queue.resumed')).toHaveLength(1);
  expect(dispatcher.load.running).toBe(0);
});

test('a claim takes what the executor is soon through with, in the order of the queue, and leaves the rest', async () => {
  const types = ['urgent', 'ping', 'urgent', 'ping'] as const;
  await here.queue.addTasks(types.map((taskType, n) => ({ taskType, priority: -n })));
  const asked: string[][] = [];
  const claimer = claimerOf(here, {
    fitting: taskTypes => {
      asked.push([...taskTypes]);
      return 2;
    },
  });
  const known = ['ping', 'urgent'].map(taskType => ({ taskType, version: 1 }));
  const { tasks, more } = await claimer.claim({ limit: 4, types: known });
  expect(asked.at(-1)).toEqual([...types]);
  expect(tasks.map(({ taskType }) => taskType)).toEqual(['urgent', 'ping']);
  expect(more).toBe(true);
  expect(await here.queue.find({ state: 'queued' }).countAsync()).toBe(2);
});

test('what was claimed runs, although those whose rate is used up could not be taken out of the way', async () => {
  await here.queue.addTasks(
    Array.from({ length: 4 }, () => ({ taskType: 'calls', data: { customer: 'ada' } }) as const),
  );
  const claimer = claimerOf(here, { lineUp: async () => false });
  const types = [{ taskType: 'calls', version: 1 }];
  expect((await claimer.claim({ limit: 4, types })).tasks).toHaveLength(2);
  // And no claim follows the other without a pause.
  expect(await claimer.claim({ limit: 4, types })).toMatchObject({ tasks: [], more: false });
});

test('what a rate limit closes holds up nobody behind it, however little room there is', async () => {
  // No poll and no other wake would help: the claim itself must look on.
  const { core } = here.queue;
  const taken = { name: 'limited', count: 5, window: { max: 3, per: 60_000 } };
  expect(await new RateLimits(core.db).reserve([taken])).toMatchObject([{ granted: 3 }]);
  await here.queue.addTasks(
    Array.from({ length: 5 }, (_, n) => ({ taskType: n < 4 ? ('limited' as const) : ('ping' as const), priority: -n })),
  );
  const closed: string[] = [];
  const claimer = claimerOf(here, { onRateLimited: taskType => closed.push(taskType) });
  const types = [
    { taskType: 'limited', version: 1 },
    { taskType: 'ping', version: 1 },
  ];
  expect(await claimer.claim({ limit: 2, types })).toMatchObject({ tasks: [], more: true });
  const open = types.filter(({ taskType }) => !closed.includes(taskType));
  expect((await claimer.claim({ limit: 2, types: open })).tasks).toMatchObject([{ taskType: 'ping' }]);
});
