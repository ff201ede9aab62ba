import { MongoNetworkError, MongoServerError } from 'mongodb';
import type { Task } from '../../../infra/queue';
import { brokenDatabase } from '../../support/broken-database';
import { eventually } from '../../support/eventually';
import { gate, hang, TestQueue } from '../../support/queue';
import { aTask } from '../../support/tasks';

let t: TestQueue;
beforeEach(async () => {
  t = await TestQueue.open();
});
afterEach(() => t.close());

const turn = (customer: string, more: object = {}) => ({ taskType: 'turns' as const, data: { customer }, ...more });

/** Counts who runs at once, by key. */
class Meter {
  readonly now = new Map<string, number>();
  readonly most = new Map<string, number>();
  readonly order: string[] = [];

  readonly run = async (task: Task) => {
    const key = String((task.data as { customer?: string }).customer);
    const running = (this.now.get(key) ?? 0) + 1;
    this.now.set(key, running);
    this.most.set(key, Math.max(running, this.most.get(key) ?? 0));
    this.order.push(task._id);
    await new Promise(resolve => setTimeout(resolve, 5));
    this.now.set(key, (this.now.get(key) ?? 0) - 1);
  };
}

const ended = async (count: number) =>
  eventually(async () => (await t.queue.find({ state: 'done' }).countAsync()) === count);

describe('a limit by key', () => {
  test('lets one of each customer run at once, over two roles, and all of them in the end', async () => {
    const meter = new Meter();
    const other = await t.elsewhere();
    await Promise.all([t.role({ turns: meter.run }), other.role({ turns: meter.run })]);
    const customers = ['ada', 'bob', 'eve'];
    await t.queue.addTasks(Array.from({ length: 30 }, (_, index) => turn(customers[index % 3] as string)));
    await Promise.all(Array.from({ length: 10 }, () => other.queue.addTask(turn('ada'))));
    await ended(40);
    expect(Object.fromEntries(meter.most)).toEqual({ ada: 1, bob: 1, eve: 1 });
  });

  test('never lets more in than the limit of the type, without a key', async () => {
    const meter = new Meter();
    const other = await t.elsewhere();
    await Promise.all([t.role({ pairs: meter.run }), other.role({ pairs: meter.run })]);
    await t.queue.addTasks(Array.from({ length: 20 }, () => ({ taskType: 'pairs' as const })));
    await ended(20);
    expect(meter.most.get('undefined')).toBe(2);
  });

  test('lets the next in by the order of the queue', async () => {
    const first = await t.queue.addTask(turn('ada'));
    const later = await t.queue.addTask(turn('ada', { priority: 1 }));
    const urgent = await t.queue.addTask(turn('ada', { priority: 9 }));
    expect([await t.stateOf(first), await t.stateOf(later)]).toEqual(['queued', 'waiting']);
    const meter = new Meter();
    await t.role({ turns: meter.run });
    await ended(3);
    expect(meter.order).toEqual([first, urgent, later]);
  });

  test('leaves the slot to others while it waits for its next attempt', async () => {
    const order: string[] = [];
    let failures = 1;
    await t.role({
      turns: async ({ _id }) => {
        order.push(_id);
        if (failures-- > 0) throw new Error('once');
      },
    });
    const [first, second] = await t.queue.addTasks([turn('ada'), turn('ada')]);
    await ended(2);
    expect(order).toEqual([first, second, first]);
  });

  test('gives the slot of a cancelled task to the next, whether it waits or runs', async () => {
    const [first, second, third] = await t.queue.addTasks([turn('ada'), turn('ada'), turn('ada')]);
    expect(await t.queue.cancel(first as string)).toBe('cancelled');
    expect(await t.stateOf(second as string)).toBe('queued');
    await t.role({ turns: hang });
    await t.becomes(second as string, 'running');
    expect(await t.queue.cancel(second as string)).toBe('requested');
    await t.becomes(third as string, 'running');
    expect(await t.stateOf(second as string)).toBe('cancelled');
  });

  test('holds for one that was scheduled, and for one that is retried by hand', async () => {
    const opened = gate();
    await t.role({ turns: () => opened.opened });
    const [first] = await t.queue.addTasks([turn('ada')]);
    const later = await t.queue.addTask(turn('ada', { dueDate: new Date(Date.now() + 200) }));
    expect(await t.stateOf(later)).toBe('scheduled');
    await t.becomes(later, 'waiting');
    await t.queue.cancel(later);
    await t.queue.retry(later);
    expect(await t.stateOf(later)).toBe('waiting');
    expect(await t.stateOf(first as string)).toBe('running');
    opened.open();
    await t.becomes(later, 'done');
  });

  test('keeps its slot through a rescue', async () => {
    const [first, second] = await t.queue.addTasks([turn('ada'), turn('ada')]);
    const claim = { owner: 'dead', token: 'x', now: new Date(0), leaseUntil: new Date(1) };
    await t.queue.core.store.take([first as string], claim);
    const meter = new Meter();
    await t.role({ turns: meter.run });
    await ended(2);
    expect(meter.order).toEqual([first, second]);
  });

  test('goes on after a crash between the end of a task and letting in the next', async () => {
    const [first, second] = await t.queue.addTasks([turn('ada'), turn('ada')]);
    // As such a crash leaves it: the slot is free, and nobody says so.
    await t.queue.core.store.collection.deleteOne({ _id: first as string });
    await t.role({ turns: async () => {} });
    await t.becomes(second as string, 'done');
  });

  test('lets the next in although the first try to do so failed, long before the next look at all that waits', async () => {
    let failures = 0;
    const db = brokenDatabase(t.database.db, 'bulkWrite', ([operations]) =>
      /"updateOne".*"slot":"turns\//.test(JSON.stringify(operations)) && failures++ === 0
        ? Promise.reject(new MongoNetworkError('the connection broke'))
        : undefined,
    );
    const broken = await t.elsewhere({ db });
    const { open, opened } = gate();
    await broken.role({ ping: () => 1, turns: () => opened }, { refreshRate: 120_000 });
    // What it hears of another process, it hears by its change stream: the look at all that waits was before.
    await t.becomes(await t.queue.addTask({ taskType: 'ping' }), 'done');
    const [first] = await broken.queue.addTasks([turn('ada'), turn('ada')]);
    await t.becomes(first as string, 'running');
    open();
    await ended(3);
    expect(failures).toBeGreaterThan(1);
  });

  test('lets in whoever nobody has heard of, behind hundreds of others, though the database refuses one of them', async () => {
    const { db } = t.database;
    await db.command({ collMod: 'taskQueue', validator: { slot: { $ne: 'turns/000#0' } } });
    const waits = { taskType: 'turns', state: 'waiting', waitsFor: 'slot' } as const;
    // Of a type that this role doesn't know: they stay where they are.
    const strange = Array.from({ length: 199 }, (_, index) => `strange/${index}`);
    await t.queue.core.store.collection.insertMany(
      [...strange, 'turns/000', 'turns/001'].map(limitKey => ({
        ...aTask({ ...waits, data: { customer: '' } }),
        limitKey,
      })),
    );
    await t.role({ turns: () => 1 });
    await ended(1);
  });

  test('is reported once where the database refuses to let one in, whatever others are let in meanwhile', async () => {
    let refused = 0;
    const db = brokenDatabase(t.database.db, 'bulkWrite', ([operations]) => {
      if (!JSON.stringify(operations).includes('"slot":"turns/odd')) return undefined;
      refused += 1;
      return Promise.reject(new MongoServerError({ message: 'of a kind that nobody knows', code: 59 }));
    });
    const its = await t.elsewhere({ db });
    await its.role({ turns: () => 1 }, { refreshRate: 60_000 });
    const waits = { taskType: 'turns', state: 'waiting', waitsFor: 'slot', limitKey: 'turns/odd' } as const;
    await its.queue.core.store.collection.insertOne(aTask({ ...waits, data: { customer: 'odd' } }));
    await eventually(async () => {
      await t.becomes(await its.queue.addTask(turn('ada')), 'done');
      return refused > 4;
    });
    expect(its.named('queue.failed')).toMatchObject([{ fields: { step: 'slot lines' } }]);
  });

  test('is told apart for keys that look alike', async () => {
    const keys = ['a', 'a#0', 'a#1', '', '#', 'a/b', 'x'.repeat(5_000), 'ä\u0000'];
    const ids = await t.queue.addTasks(keys.map(key => turn(key)));
    const tasks = await t.queue.find({}).fetchAsync();
    expect(tasks.map(({ state }) => state)).toEqual(keys.map(() => 'queued'));
    await t.role({ turns: async () => {} });
    for (const id of ids) await t.becomes(id, 'done');
  });

  test('is refused in memory, in words', async () => {
    await t.role({ turns: hang });
    await expect(t.queue.addTask(turn('ada', { inMemory: true }))).rejects.toThrow(/leave inMemory out/);
  });
});
