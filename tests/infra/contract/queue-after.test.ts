import { MongoNetworkError } from 'mongodb';
import type { AddOptions } from '../../../infra/queue';
import { brokenDatabase, slowReads } from '../../support/broken-database';
import { eventually } from '../../support/eventually';
import { gate, hang, TestQueue } from '../../support/queue';
import { aTask } from '../../support/tasks';

let t: TestQueue;
beforeEach(async () => {
  t = await TestQueue.open();
});
afterEach(() => t.close());

const ping = (more: AddOptions = {}) => ({ taskType: 'ping' as const, data: {}, ...more });
const strict = (rows: number, more: object = {}) => ({ taskType: 'strict' as const, data: { rows }, ...more });

/** Fails for an odd number of rows. */
const handlers = {
  ping: async () => {},
  strict: async ({ data }: { data: unknown }) => {
    if ((data as { rows: number }).rows % 2) throw new Error('odd');
  },
};

const statesOf = (ids: readonly string[]) => Promise.all(ids.map(id => t.stateOf(id)));

describe('a task that comes after others', () => {
  test('waits until all of them have ended', async () => {
    const opened = gate();
    const order: string[] = [];
    await t.role({
      ping: async ({ _id }) => {
        if (_id === 'slow') await opened.opened;
        order.push(_id);
      },
    });
    await t.queue.addTasks([ping({ _id: 'slow' }), ping({ _id: 'quick' })]);
    await t.queue.addTask(ping({ _id: 'last', after: ['slow', 'quick'] }));
    await t.becomes('quick', 'done');
    expect(await t.stateOf('last')).toBe('waiting');
    opened.open();
    await t.becomes('last', 'done');
    expect(order).toEqual(['quick', 'slow', 'last']);
  });

  test('starts at once where they have ended, or are not there any more', async () => {
    await t.role(handlers);
    const first = await t.queue.addTask(ping());
    await t.becomes(first, 'done');
    const second = await t.queue.addTask(ping({ after: [first, 'gone'] }));
    await t.becomes(second, 'done');
  });

  test.each([
    [undefined, 'failed'],
    ['fail', 'failed'],
    ['cancel', 'cancelled'],
    ['run', 'done'],
  ] as const)('with ifFailed %j has %s after one that failed', async (ifFailed, state) => {
    const bad = await t.queue.addTask(strict(1));
    const next = await t.queue.addTask(ping({ after: [bad], ...(ifFailed && { ifFailed }) }));
    const last = await t.queue.addTask(ping({ after: [next], ifFailed: 'run' }));
    await t.role(handlers);
    await t.becomes(next, state);
    await t.becomes(last, 'done');
    const { error } = (await t.queue.findOne(next)) ?? {};
    if (state !== 'done') expect(error?.message).toBe(`it comes after task "${bad}", which is failed`);
  });

  test('is cancelled with the one that it waits for, and so is what waits for it', async () => {
    const [a, b, c] = await t.queue.addTasks([
      ping({ _id: 'a' }),
      ping({ _id: 'b', after: ['a'] }),
      ping({ _id: 'c', after: ['b'] }),
    ]);
    await t.queue.cancel(a as string);
    expect(await statesOf([a, b, c] as string[])).toEqual(['cancelled', 'cancelled', 'cancelled']);
  });

  test('waits for its own time, too, and for a slot of its limit', async () => {
    const turn = (more: object) => ({ taskType: 'turns' as const, data: { customer: 'ada' }, ...more });
    const first = await t.queue.addTask(ping());
    const holder = await t.queue.addTask(turn({}));
    const later = await t.queue.addTask(ping({ after: [first], dueDate: new Date(Date.now() + 60_000) }));
    const inLine = await t.queue.addTask(turn({ after: [first] }));
    const opened = gate();
    await t.role({ ...handlers, turns: () => opened.opened });
    await t.becomes(later, 'scheduled');
    await t.becomes(holder, 'running');
    await eventually(async () => (await t.queue.findOne(inLine))?.waitsFor === 'slot');
    opened.open();
    await t.becomes(inLine, 'done');
  });

  test('may be retried, and waits again for those that do', async () => {
    const bad = await t.queue.addTask(strict(1));
    const next = await t.queue.addTask(ping({ after: [bad] }));
    const role = await t.role(handlers);
    await t.becomes(next, 'failed');
    await role.stop(0);
    await t.queue.retry(bad);
    await t.queue.retry(next);
    expect(await t.stateOf(next)).toBe('waiting');
    await t.role({ ...handlers, strict: async () => {} });
    await t.becomes(next, 'done');
  });

  test('goes on after a crash between the end of the one and the start of the other', async () => {
    const first = await t.queue.addTask(ping());
    const next = await t.queue.addTask(ping({ after: [first] }));
    await t.queue.core.store.collection.updateOne({ _id: first }, { $set: { state: 'done' } });
    await t.role(handlers);
    await t.becomes(next, 'done');
  });

  test('goes on where nobody has heard of the end of the other, page by page, with no pause of many ticks', async () => {
    const dueDate = new Date(Date.now() + 3_600_000);
    const waits = { state: 'waiting' as const, waitsFor: 'predecessors' as const, after: ['gone'], dueDate };
    const { collection } = t.queue.core.store;
    await collection.insertMany(Array.from({ length: 2_200 }, () => ({ ...aTask(), ...waits })));
    await t.role(handlers, { refreshRate: 1_000 });
    await eventually(async () => (await collection.countDocuments({ state: 'waiting' })) === 0, { timeoutMs: 30_000 });
  });

  test('gets the slot that it waits for then also where the database was away at that very moment', async () => {
    let failures = 0;
    const db = brokenDatabase(t.database.db, 'bulkWrite', ([operations]) =>
      /"updateOne".*"slot":"turns\//.test(JSON.stringify(operations)) && failures++ === 0
        ? Promise.reject(new MongoNetworkError('the connection broke'))
        : undefined,
    );
    const its = await t.elsewhere({ db });
    const first = gate();
    await its.role({ ping: () => first.opened, turns: () => 1 }, { refreshRate: 120_000 });
    const id = await its.queue.addTask({ taskType: 'ping' });
    const next = await its.queue.addTask({ taskType: 'turns', data: { customer: 'a' }, after: [id] });
    await t.becomes(id, 'running');
    first.open();
    await t.becomes(next, 'done');
    expect(failures).toBeGreaterThan(1);
  });

  test('goes on also where it was added while all that waits was looked at', async () => {
    const [look, first] = [gate(), gate()];
    const isLook = ({ waitsFor, _id }: { waitsFor?: string; _id?: unknown }) => waitsFor === 'predecessors' && !!_id;
    const { db, seen } = slowReads(t.database.db, isLook, look.opened);
    const its = await t.elsewhere({ db });
    await its.role({ ping: () => first.opened, background: () => 1 }, { refreshRate: 120_000 });
    await eventually(() => seen.read > 0);
    const id = await its.queue.addTask({ taskType: 'ping' });
    const next = await its.queue.addTask({ taskType: 'background', after: [id] });
    await t.becomes(id, 'running');
    look.open();
    await eventually(() => seen.told === seen.read);
    first.open();
    await t.becomes(next, 'done');
  });

  test('makes any graph, whatever role runs what: three hundred tasks, each after two before it', async () => {
    const done: string[] = [];
    const run = { ping: async ({ _id }: { _id: string }) => void done.push(_id) };
    const other = await t.elsewhere();
    await Promise.all([t.role(run), other.role(run)]);
    const after = (n: number) => (n < 40 ? {} : { after: [`t${n >> 1}`, `t${n - 40}`] });
    const tasks = Array.from({ length: 300 }, (_, n) => ping({ _id: `t${n}`, ...after(n) }));
    await t.queue.addTasks(tasks);
    await eventually(async () => (await t.queue.find({ state: 'done' }).countAsync()) === tasks.length);
    const place = new Map(done.map((id, index) => [id, index]));
    for (const { _id, after: before = [] } of tasks)
      for (const id of before) expect(place.get(id)).toBeLessThan(place.get(_id as string) as number);
  });

  test('is added in a transaction, and goes on after it', async () => {
    const first = await t.queue.addTask(ping());
    await t.role(handlers);
    await t.becomes(first, 'done');
    const { client } = t.database.db;
    await client.withSession(session =>
      session.withTransaction(() => t.queue.addTask(ping({ _id: 'next', after: [first], session }))),
    );
    await t.becomes('next', 'done');
  });

  test('is refused where it can never start, or makes no sense', async () => {
    const add = (...tasks: ReturnType<typeof ping>[]) => t.queue.addTasks(tasks);
    await expect(add(ping({ _id: 'a', after: ['a'] }))).rejects.toThrow('after: a circle: a → a');
    const circle = [
      ping({ _id: 'a', after: ['c'] }),
      ping({ _id: 'b', after: ['a'] }),
      ping({ _id: 'c', after: ['b'] }),
    ];
    await expect(add(...circle)).rejects.toThrow(/after: a circle: a → c → b → a/);
    await expect(add(ping({ after: [] }))).rejects.toThrow(/after: .* is not a list of one id or more/);
    await expect(add(ping({ after: [''] }))).rejects.toThrow(/after/);
    await expect(add(ping({ ifFailed: 'run' }))).rejects.toThrow(/ifFailed: says nothing without after/);
    await expect(add(ping({ after: ['a'], ifFailed: 'maybe' as 'run' }))).rejects.toThrow(/run, fail, cancel/);
    expect(await t.queue.find({}).countAsync()).toBe(0);
  });

  test('is not held up by documents that somebody else has written', async () => {
    const first = await t.queue.addTask(ping());
    const next = await t.queue.addTask(ping({ _id: 'next', after: [first] }));
    const { collection } = t.queue.core.store;
    const { _id: _, ...like } = (await t.queue.findOne(next))!;
    const forged = [{ after: first }, { after: [first, 5] }, { attempts: 'x' }, { priority: 'high' }, { limitKey: 7 }];
    await collection.insertMany(forged.map((odd, n) => ({ ...like, ...odd, _id: `forged ${n}` }) as never));
    await t.role(handlers);
    await t.becomes(next, 'done');
    await eventually(async () => (await t.queue.find({ state: 'failed', _id: /^forged/ as never }).countAsync()) === 5);
  });

  test('is as it was signed, or does not run', async () => {
    const signed = await t.elsewhere({ signingKeys: ['secret'] });
    const first = await signed.queue.addTask(ping());
    const next = await signed.queue.addTask(ping({ after: [first] }));
    await signed.queue.core.store.collection.updateOne({ _id: next }, { $set: { after: ['nothing'] } });
    await signed.role({ ping: hang });
    await t.becomes(next, 'rejected');
  });
});
