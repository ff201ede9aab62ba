import { MongoNetworkError } from 'mongodb';
import type { Task } from '../../../infra/queue';
import { Dispatcher } from '../../../infra/queue/dispatch/dispatcher';
import type { Executor } from '../../../infra/queue/model/executor';
import { DatabaseGuard } from '../../../infra/queue/store/database-guard';
import { putInRateLine } from '../../../infra/queue/store/mongo-rate-lines';
import { RateLimits } from '../../../infra/queue/store/rate-limits';
import { RateLines } from '../../../infra/queue/waiting/rate-lines';
import { brokenDatabase, slowReads } from '../../support/broken-database';
import { eventually } from '../../support/eventually';
import { gate, TestQueue } from '../../support/queue';

let t: TestQueue;
beforeEach(async () => {
  t = await TestQueue.open();
});
afterEach(() => t.close());

const call = (customer: string, more: object = {}) => ({ taskType: 'calls' as const, data: { customer }, ...more });
const seldom = (customer: string, account = customer) => ({ taskType: 'seldom' as const, data: { customer, account } });
const count = (selector: object) => t.queue.find(selector).countAsync();
const collection = () => t.queue.core.store.collection;

/** The API that handlers call: it knows when it was called, and for whom. */
class ApiStub {
  readonly calls: { at: number; key: string; id: string }[] = [];

  readonly handler = ({ _id: id, data }: Task) => {
    const { customer: key = '' } = data as { customer?: string };
    this.calls.push({ at: performance.now(), key, id });
  };

  /** The shortest span, in ms, in which more than `max` calls of one key came. */
  shortestSpanOfMore(max: number): number {
    const keys = new Set(this.calls.map(({ key }) => key));
    const spans = [...keys].flatMap(key => {
      const times = this.calls.flatMap(one => (one.key === key ? [one.at] : [])).sort((a, b) => a - b);
      return times.slice(max).map((at, index) => at - times[index]!);
    });
    return Math.min(...spans);
  }
}

const ended = (ids: readonly string[]) =>
  eventually(async () => (await count({ _id: { $in: [...ids] }, state: 'done' })) === ids.length);

test('of each key no more begin in any span than its rate, over two roles, and all in the end', async () => {
  const api = new ApiStub();
  const other = await t.elsewhere();
  await Promise.all([t.role({ calls: api.handler }), other.role({ calls: api.handler })]);
  const customers = [...'aaaaaaaaabbbbbc'];
  const ids = await t.queue.addTasks(customers.map(customer => call(customer)));
  ids.push(...(await Promise.all(customers.slice(6).map(customer => other.queue.addTask(call(customer))))));
  await ended(ids);
  expect(api.calls).toHaveLength(ids.length);
  expect(api.shortestSpanOfMore(2)).toBeGreaterThanOrEqual(400);
});

test('thousands of one key in front hold up nobody: they wait outside of the queue, and explain says until when', async () => {
  const hot = await t.queue.addTasks(Array.from({ length: 5_000 }, () => seldom('hot')));
  const cold = await t.queue.addTask(seldom('cold'));
  const api = new ApiStub();
  await t.role({ seldom: api.handler }, {}, { slots: 2 });
  await t.becomes(cold, 'done');
  await eventually(async () => (await count({ waitsFor: 'rate' })) === 4_998);
  expect(api.calls.filter(({ key }) => key === 'hot')).toHaveLength(2);
  const last = (await t.queue.find({ waitsFor: 'rate' }, { sort: { _id: -1 }, limit: 1 }).fetchAsync())[0]!;
  const { reasons, text } = (await t.queue.explain(last._id))!;
  expect(reasons).toEqual([
    { kind: 'rate', rateKey: 'seldom/hot', until: expect.any(Date), ahead: 4_997, text: expect.any(String) },
  ]);
  expect(text).toContain('the rate of seldom/hot is used up until');
  expect(hot).toContain(last._id);
});

test('a line lets in by the order of the queue, and a cancelled one makes room', async () => {
  const api = new ApiStub();
  const taken = { name: 'calls/a', count: 2, window: { max: 2, per: 400 } };
  const [grant] = await new RateLimits(t.queue.core.db).reserve([taken]);
  const ids = await t.queue.addTasks([1, 9, 5, 7].map(priority => call('a', { priority })));
  await t.role({ calls: api.handler });
  await eventually(async () => (await count({ waitsFor: 'rate' })) === 4);
  expect(await t.queue.cancel(ids[3]!)).toBe('cancelled');
  await new RateLimits(t.queue.core.db).begun([{ ...taken, id: grant!.id }]);
  await ended([ids[0]!, ids[1]!, ids[2]!]);
  const order = api.calls.map(({ id }) => ids.indexOf(id));
  expect(order.slice(0, 2).sort()).toEqual([1, 2]);
  expect(order[2]).toBe(0);
});

test('a retried task, and one that falls due, keep to the rate of their key', async () => {
  const api = new ApiStub();
  await t.role({ seldom: api.handler });
  await ended(await t.queue.addTasks([seldom('a'), seldom('a')]));
  const later = await t.queue.addTask({ ...seldom('a'), dueDate: new Date(Date.now() + 100) });
  const again = await t.queue.addTask(seldom('a'));
  await eventually(async () => (await count({ _id: { $in: [later, again] }, waitsFor: 'rate' })) === 2);
  await t.queue.cancel(again);
  await t.queue.retry(again);
  await eventually(async () => (await count({ _id: again, waitsFor: 'rate' })) === 1);
  expect(api.calls).toHaveLength(2);
});

test('who waits for a rate leaves the slot of its limit to others', async () => {
  const api = new ApiStub();
  const hot = await t.queue.addTasks(Array.from({ length: 50 }, () => seldom('hot', 'shared')));
  const cold = await t.queue.addTask(seldom('cold', 'shared'));
  await t.role({ seldom: api.handler });
  await t.becomes(cold, 'done');
  expect(await count({ _id: { $in: hot }, state: 'done' })).toBe(2);
  expect(await count({ slot: { $exists: true } })).toBe(0);
});

test('a role goes on with the line of one that has died', async () => {
  const ids = await t.queue.addTasks([call('a'), call('a'), call('a')]);
  // As such a role leaves it: in the line, and nobody knows of it.
  await putInRateLine(collection(), 'calls/a', ids);
  expect(await count({ waitsFor: 'rate' })).toBe(3);
  const api = new ApiStub();
  await t.role({ calls: api.handler }, { refreshRate: 20 });
  await ended(ids);
  expect(api.shortestSpanOfMore(2)).toBeGreaterThanOrEqual(400);
});

test('a task that joins a line while it is looked at is let in', async () => {
  const { open, opened } = gate();
  const { db, seen } = slowReads(t.database.db, ({ rateKey, waitsFor }) => waitsFor === 'rate' && !!rateKey, opened);
  const { core } = (await t.elsewhere({ db })).queue;
  const guard = new DatabaseGuard(core.emit);
  const lines = new RateLines({ core, rates: new RateLimits(db), guard, wake: () => {}, freed: () => {} });
  await lines.lineUp([{ rateKey: 'calls/a', ids: [], until: new Date() }]);
  await eventually(() => seen.read === 1);
  const id = await t.queue.addTask(call('a'));
  await lines.lineUp([{ rateKey: 'calls/a', ids: [id], until: new Date() }]);
  expect(await t.stateOf(id)).toBe('waiting');
  open();
  await t.becomes(id, 'queued');
  await lines.stop();
});

test('tasks from before their type had a rate by key are counted together', async () => {
  const ids = await t.queue.addTasks([...'abcd'].map(customer => call(customer)));
  await collection().updateMany({}, { $unset: { rateKey: '' } });
  const api = new ApiStub();
  await t.role({ calls: api.handler });
  await ended(ids);
  const times = api.calls.map(({ at }) => at);
  expect(times[2]! - times[0]!).toBeGreaterThanOrEqual(400);
});

test('starts are spaced evenly where the rate says so', async () => {
  const api = new ApiStub();
  await t.role({ spaced: api.handler });
  await ended(await t.queue.addTasks(Array.from({ length: 4 }, () => ({ taskType: 'spaced' as const }))));
  expect(api.shortestSpanOfMore(1)).toBeGreaterThanOrEqual(100);
});

test('a task that is claimed again while its attempt goes on takes no start from its type', async () => {
  await t.queue.limits.override('limited', { rateLimit: { max: 1, per: 300 } });
  const { open, opened } = gate();
  await t.role({ limited: () => opened });
  const id = await t.queue.addTask({ taskType: 'limited' });
  await eventually(() => t.named('task.started').length === 1);
  // As after a rescue by a role that has handed it back.
  await collection().updateOne(
    { _id: id },
    { $set: { state: 'queued' }, $unset: { owner: '', token: '', leaseUntil: '' } },
  );
  await eventually(() => t.named('task.lost').length === 1);
  open();
  const other = await t.queue.addTask({ taskType: 'limited' });
  await ended([id, other]);
});

test.each(['taskQueue', 'taskControl'])(
  'a claim whose reply from %s is lost takes no start from its type',
  async name => {
    let lost = 0;
    const real = t.database.db.collection<{ _id: string }>(name);
    const db = brokenDatabase(t.database.db, 'findOneAndUpdate', ([filter, change, options]) => {
      const isOfRate = (filter as { _id?: string })._id === 'rate:limited';
      const isIt = name === 'taskControl' ? isOfRate : JSON.stringify(change).includes('"claimedAt"');
      if (!isIt || lost++ > 0) return undefined;
      return real.findOneAndUpdate(filter as object, change as object, options as object).then(() => {
        throw new MongoNetworkError('the reply is lost');
      });
    });
    const its = await t.elsewhere({ db });
    await its.queue.limits.override('limited', { rateLimit: { max: 1, per: 300 } });
    await its.role({ limited: () => 1 });
    await ended([await its.queue.addTask({ taskType: 'limited' })]);
    expect(lost).toBeGreaterThan(1);
  },
);

test('what a role has claimed and not begun takes no start from its type when the role has stopped', async () => {
  await t.queue.limits.override('limited', { rateLimit: { max: 1, per: 300 } });
  const claimed: Task[] = [];
  const executor: Executor = {
    start: async () => {},
    room: () => 1 - claimed.length,
    fitting: () => 1 - claimed.length,
    execute: tasks => void claimed.push(...tasks),
    cancel: () => {},
    stop: async () => {},
  };
  const role = new Dispatcher({ queue: (await t.elsewhere()).queue, executor });
  await role.start();
  const id = await t.queue.addTask({ taskType: 'limited' });
  await eventually(() => claimed.length === 1);
  await role.stop(0);
  await t.role({ limited: () => 1 });
  await ended([id]);
});

test('in memory a rate by key is refused, in words', async () => {
  await t.role({});
  await expect(t.queue.addTask(call('a', { inMemory: true }))).rejects.toThrow(
    /calls has a rate by key.*leave inMemory out/,
  );
});

test('several keys are asked for in one question each, and what nobody uses any more is removed', async () => {
  const rates = new RateLimits(t.queue.core.db);
  const window = { max: 2, per: 1_000 };
  const grants = await rates.reserve([...'abc'].map((name, index) => ({ name, window, count: index + 1 })));
  expect(grants.map(({ name, granted }) => [name, granted])).toEqual([
    ['a', 1],
    ['b', 2],
    ['c', 2],
  ]);
  await rates.begun(grants.map(one => ({ ...one, count: one.granted })));
  const logs = t.queue.core.db.collection<{ _id: string; expiresAt: Date; begun: { until: Date }[] }>('taskControl');
  const found = await logs.find({ _id: /^rate:/ }).toArray();
  for (const { expiresAt, begun } of found) expect(+expiresAt).toBeGreaterThan(+begun[0]!.until);
  await rates.ensureIndexes();
  expect(await logs.indexes()).toContainEqual(
    expect.objectContaining({ key: { expiresAt: 1 }, expireAfterSeconds: 0 }),
  );
});

test('what was granted to a role that is found dead counts for one span, not for a minute', async () => {
  const rates = new RateLimits(t.queue.core.db, 'dead');
  const window = { max: 3, per: 100 };
  const reserve = async () => (await rates.reserve([{ name: 'a', window, count: 3 }]))[0]!;
  expect((await reserve()).granted).toBe(3);
  await rates.ownersDied(['dead', 'other']);
  const next = await reserve();
  expect(next.granted).toBe(0);
  expect(+next.next).toBeGreaterThan(Date.now() - 100);
  await eventually(async () => (await reserve()).granted === 3);
});

test('what was granted counts as long as its role lives, however long it waits for a worker', async () => {
  const rates = new RateLimits(t.queue.core.db);
  const window = { max: 1, per: 100 };
  const [grant] = await rates.reserve([{ name: 'a', window, count: 1 }]);
  const log = t.queue.core.db.collection<{ _id: string; pending: { until: Date }[] }>('taskControl');
  await log.updateOne({ _id: 'rate:a' }, { $set: { 'pending.0.until': new Date(Date.now() + 200) } });
  await rates.renew([{ ...grant!, count: 1 }]);
  expect(+(await log.findOne({ _id: 'rate:a' }))!.pending[0]!.until).toBeGreaterThan(Date.now() + 30_000);
});
