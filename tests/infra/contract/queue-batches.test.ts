import type { Task } from '../../../infra/queue';
import { brokenDatabase } from '../../support/broken-database';
import { eventually } from '../../support/eventually';
import { gate, hang, TestQueue } from '../../support/queue';
import { readsOf } from '../../support/reads';

let t: TestQueue;
beforeEach(async () => {
  t = await TestQueue.open();
});
afterEach(() => t.close());

const pings = (count: number) => Array.from({ length: count }, (_, n) => ({ taskType: 'ping' as const, data: { n } }));
const rows = (...all: number[]) => all.map(n => ({ taskType: 'strict' as const, data: { rows: n } }));
const then = { taskType: 'background' as const };

/** Fails for an odd number of rows. */
const handlers = {
  ping: async () => {},
  background: async () => {},
  important: async () => {},
  strict: async ({ data }: Task) => {
    if ((data as { rows: number }).rows % 2) throw new Error('odd');
  },
};

const ended = (id: string) => eventually(async () => (await t.queue.batch(id).read())?.state === 'ended');

describe('a batch', () => {
  test('lets what comes after it start once, when all have ended, whatever role ran them', async () => {
    const order: string[] = [];
    const run = {
      ...handlers,
      ping: async ({ _id }: Task) => void order.push(_id),
      background: async ({ _id }: Task) => void order.push(_id),
    };
    const other = await t.elsewhere();
    await Promise.all([t.role(run), other.role(run)]);
    const { id } = await t.queue.addBatch({ name: 'import', tasks: pings(200), then });
    await t.becomes(`${id}:then`, 'done');
    await ended(id);
    expect(order).toHaveLength(201);
    expect(order.at(-1)).toBe(`${id}:then`);
    expect(await t.queue.batch(id).read()).toMatchObject({
      name: 'import',
      added: 200,
      done: 200,
      failed: 0,
      cancelled: 0,
    });
    // The role tells of it once it has written it down.
    const told = () => t.named('batch.ended').length + other.named('batch.ended').length;
    await eventually(() => told() > 0);
    expect(told()).toBe(1);
  });

  test('tells how many have failed and which, and lets both tasks start that come after it', async () => {
    await t.role(handlers);
    const batch = await t.queue.addBatch({
      name: 'rows',
      tasks: rows(1, 2, 3, 4),
      then,
      onFailure: { taskType: 'important' },
    });
    await t.becomes(`${batch.id}:then`, 'done');
    await t.becomes(`${batch.id}:onFailure`, 'done');
    await ended(batch.id);
    expect(await batch.read()).toMatchObject({ added: 4, done: 2, failed: 2 });
    expect((await batch.failed()).sort()).toEqual([`${batch.id}:0`, `${batch.id}:2`]);
  });

  describe('whose making broke off', () => {
    const _id = 'import 7';
    const tasks = [...pings(2), { taskType: 'ping' as const, data: { n: 2 }, _id: 'taken' }];
    const asked = () => t.queue.addBatch({ name: 'import', _id, tasks, then });
    beforeEach(async () => {
      await t.queue.addTask({ taskType: 'ping', data: { n: 9 }, _id: 'taken' });
      await expect(asked()).rejects.toThrow('taken');
    });

    test('goes on when it is asked for again under its _id, and no member comes twice', async () => {
      await t.queue.cancel('taken');
      await asked();
      await t.role(handlers);
      await t.becomes(`${_id}:then`, 'done');
      await ended(_id);
      expect(await t.queue.batch(_id).read()).toMatchObject({ added: 3, done: 3 });
      await expect(asked()).rejects.toThrow(`_id: a batch "${_id}" is there already`);
    });

    test('goes on as well where it is to stay open, and is nobody else’s when it is whole', async () => {
      const open = () => t.queue.addBatch({ name: 'import', _id: 'open', tasks, then, open: true });
      await expect(open()).rejects.toThrow('taken');
      await t.queue.cancel('taken');
      const batch = await open();
      await expect(open()).rejects.toThrow('_id: a batch "open" is there already');
      const records = t.queue.core.db.collection<{ _id: string }>('taskBatches');
      expect(await records.findOne({ _id: 'open' })).not.toHaveProperty('makingUntil');
      await batch.add(pings(1));
      await batch.seal();
      await t.role(handlers);
      await ended('open');
      expect(await batch.read()).toMatchObject({ added: 4, done: 4 });
    });

    test('is cancelled with what comes after it, where nobody asks again', async () => {
      const long = new Date(Date.now() - 11 * 60_000);
      const batches = t.queue.core.db.collection<{ _id: string }>('taskBatches');
      await batches.updateOne({ _id }, { $set: { makingUntil: long } });
      await t.role(handlers);
      await t.becomes(`${_id}:then`, 'cancelled');
      const told = await eventually(() => t.named('batch.abandoned')[0]);
      expect(told).toMatchObject({ fields: { batchId: _id } });
    });
  });

  test('is cancelled to its end, although who cancelled it died in the middle', async () => {
    const { id } = await t.queue.addBatch({ name: 'import', tasks: pings(3), then, open: true });
    await t.queue.core.batches.requestCancel(id);
    await t.role({ ...handlers, ping: hang });
    await t.becomes(`${id}:then`, 'cancelled');
    await ended(id);
  });

  test('that is cancelled is cancelled anew by a look at all that waits, not without end while a member goes on', async () => {
    const { open, opened } = gate();
    let looks = 0;
    const db = brokenDatabase(t.database.db, 'find', ([filter]) => {
      // As a look at all batches that have not ended begins.
      if (JSON.stringify(filter).includes('"sealed"')) looks += 1;
      return undefined;
    });
    const its = await t.elsewhere({ db });
    const { owner } = await its.role({ ping: () => opened }, { refreshRate: 60_000, heartbeatMs: 100 });
    const { id } = await its.queue.addBatch({ name: 'long', tasks: pings(1) });
    await t.becomes(`${id}:0`, 'running');
    await its.queue.cancel({ batch: id });
    await its.queue.cancel({ taskType: 'background' });
    const owners = t.database.db.collection<{ _id: string; lastSeen: Date }>('taskOwners');
    const lastSeen = async () => Number((await owners.findOne({ _id: owner }))?.lastSeen);
    const before = await lastSeen();
    await eventually(async () => (await lastSeen()) - before > 500);
    expect(looks).toBeLessThan(6);
    open();
    await ended(id);
  });

  test('leaves no trace of what was only for failures', async () => {
    await t.role(handlers);
    const { id } = await t.queue.addBatch({ name: 'rows', tasks: rows(2, 4), onFailure: { taskType: 'important' } });
    await ended(id);
    expect(await t.queue.findOne(`${id}:onFailure`)).toBeUndefined();
  });

  test('without members ends at once', async () => {
    await t.role(handlers);
    const { id } = await t.queue.addBatch({ name: 'nothing', tasks: [], then });
    await t.becomes(`${id}:then`, 'done');
  });

  test('counts while it goes on, also tasks of which nothing is kept', async () => {
    const opened = gate();
    let begun = 0;
    await t.role(
      { ...handlers, ping: () => (begun++ < 5 ? undefined : opened.opened), forgotten: async () => {} },
      {},
      { slots: 50 },
    );
    const forgotten = Array.from({ length: 3 }, () => ({ taskType: 'forgotten' as const }));
    const batch = await t.queue.addBatch({ name: 'mixed', tasks: [...pings(8), ...forgotten] });
    await eventually(async () => (await batch.read())?.done === 8);
    opened.open();
    await ended(batch.id);
    expect(await batch.read()).toMatchObject({ added: 11, done: 11, failed: 0 });
  });

  test('takes more tasks until it is sealed, and from its own members after that', async () => {
    const opened = gate();
    let adds: Promise<unknown> | undefined;
    await t.role({
      ...handlers,
      ping: async ({ data, batch }) => {
        if ((data as { n: number }).n !== 7) return;
        await opened.opened;
        adds = t.queue.addTasks([{ taskType: 'ping', data: { n: 0 }, batch: batch! }]);
        await adds;
      },
    });
    const batch = await t.queue.addBatch({ name: 'grows', tasks: pings(1), then, open: true });
    await batch.add([{ taskType: 'ping', data: { n: 7 } }]);
    await batch.seal();
    await expect(batch.add(pings(1))).rejects.toThrow(/is sealed: only its own members/);
    await eventually(async () => (await batch.read())?.done === 1);
    expect(await t.stateOf(`${batch.id}:then`)).toBe('waiting');
    opened.open();
    await ended(batch.id);
    expect(await batch.read()).toMatchObject({ added: 3, done: 3 });
    await expect(batch.add(pings(1))).rejects.toThrow(/has ended/);
  });

  test('that a handler makes is sealed when its task ends; the next attempt goes on with it, and adds nothing twice', async () => {
    let attempts = 0;
    const made: string[] = [];
    await t.role({
      ...handlers,
      flaky: async () => {
        const batch = await t.queue.addBatch({ name: 'chunks', tasks: pings(3), then });
        made.push(batch.id);
        await batch.add(pings(2));
        if (++attempts < 3) throw new Error('not yet');
      },
    });
    const creator = await t.queue.addTask({ taskType: 'flaky', data: {} });
    await t.becomes(`${creator}:chunks:then`, 'done');
    expect(new Set(made)).toEqual(new Set([`${creator}:chunks`]));
    await ended(`${creator}:chunks`);
    expect(await t.queue.batch(`${creator}:chunks`).read()).toMatchObject({ added: 5, done: 5 });
    expect(await t.queue.find({ taskType: 'ping' }).countAsync()).toBe(5);
  });

  test('ends after a crash at any point: its creator died, its last member ended and nobody said so', async () => {
    const { collection } = t.queue.core.store;
    const batch = await t.queue.addBatch({ name: 'lost', tasks: pings(2), then, open: true });
    await collection.updateMany({ taskType: 'ping' }, { $set: { state: 'done' } });
    const records = t.database.db.collection<{ _id: string }>('taskBatches');
    await records.updateOne({ _id: batch.id }, { $set: { createdBy: 'gone', adding: 1, addingUntil: new Date(0) } });
    await t.role(handlers);
    await t.becomes(`${batch.id}:then`, 'done');
  });

  test.each<[string, object]>([
    ['that the database refuses to end', { name: 'odd', state: 'sealed', added: 0, adding: 0 }],
    ['of a maker that is none', { state: 'open', createdBy: { $gt: '' } }],
    ['with a text as a date', { state: 'sealed', adding: 1, addingUntil: 'soon', makingUntil: 'soon' }],
  ])('%s holds up no other', async (_, odd) => {
    const { db } = t.database;
    const records = db.collection('taskBatches');
    await records.insertOne({ _id: 'first' as never, ...odd });
    const validator = { $or: [{ name: { $ne: 'odd' } }, { state: { $ne: 'ended' } }] };
    await db.command({ collMod: 'taskBatches', validator });
    await t.queue.addBatch({ _id: 'second', name: 'second', tasks: pings(1), then });
    await t.queue.addBatch({ _id: 'third', name: 'third', tasks: pings(1), then, open: true });
    await t.queue.core.batches.requestCancel('third');
    await t.role(handlers);
    await t.becomes('second:then', 'done');
    await t.becomes('third:then', 'cancelled');
    await ended('third');
  });

  test('is cancelled with all that comes after it, and with what its members would still add', async () => {
    const opened = gate();
    let later: unknown;
    await t.role(
      {
        ...handlers,
        ping: async ({ batch }) => {
          await opened.opened;
          later = await t.queue.addTasks([{ ...pings(1)[0]!, batch: batch! }]).catch(error => error);
        },
      },
      {},
      { slots: 2 },
    );
    const batch = await t.queue.addBatch({ name: 'unwanted', tasks: pings(10), then, onFailure: then });
    await eventually(async () => (await t.queue.find({ state: 'running' }).countAsync()) === 2);
    const { cancelled, requested } = await t.queue.cancel({ batch: batch.id });
    expect(cancelled + requested).toBe(12);
    opened.open();
    await ended(batch.id);
    expect(String(later)).toMatch(/batch: ".*" was cancelled/);
    expect(await t.stateOf(`${batch.id}:then`)).toBe('cancelled');
    expect(await batch.read()).toMatchObject({ added: 10, cancelled: 10 });
  });

  test('is listed, the newest first, by an index that reads no more than is shown', async () => {
    await t.queue.core.batches.ensureIndexes();
    for (const name of ['one', 'two', 'three']) await t.queue.addBatch({ name, tasks: [], open: true, _id: name });
    const listed: string[] = [];
    const [read] = await readsOf(t.queue.core.db, async () => {
      listed.push(...(await t.queue.batches(2)).map(({ name }) => name));
    });
    expect(listed).toEqual(['three', 'two']);
    expect(read).toMatchObject({ plan: 'IXSCAN { createdAt: -1, _id: -1 }', docsExamined: 2 });
  });

  test('is refused with all that is wrong with it, and nothing is written', async () => {
    const add = (batch: object) => t.queue.addBatch(batch as never);
    await expect(add({ nam: 'x', tasks: 3 })).rejects.toThrow(/nam: unknown option of addBatch, did you mean name\?/);
    await expect(add({ name: 'x', tasks: [{ taskType: 'strict', data: { rows: 0 } }] })).rejects.toThrow(/rows/);
    await expect(add({ name: 'x', tasks: pings(1), then: { taskType: 'strict', data: {} } })).rejects.toThrow(/rows/);
    await expect(t.queue.addTasks([{ ...pings(1)[0]!, batch: 'none' }])).rejects.toThrow(/batch: "none" is not there/);
    const { id } = await t.queue.addBatch({ name: 'x', tasks: [], _id: 'mine' });
    await expect(add({ name: 'x', tasks: [], _id: id })).rejects.toThrow(/"mine" is there already/);
    expect(await t.queue.find({}).countAsync()).toBe(0);
  });
});

test('tasks are cancelled by a selector, those that run as well', async () => {
  await t.role({ ...handlers, ping: hang }, {}, { slots: 1 });
  await t.queue.addTasks([...pings(5), ...rows(2)]);
  await eventually(async () => (await t.queue.find({ state: 'running' }).countAsync()) === 1);
  expect(await t.queue.cancel({ taskType: 'ping' })).toEqual({ cancelled: 4, requested: 1 });
  await eventually(async () => (await t.queue.find({ state: 'cancelled' }).countAsync()) === 5);
  await eventually(async () => (await t.queue.counts()).byType.ping?.cancelled === 5);
  await expect(t.queue.cancel(null as never)).rejects.toThrow(/is not the id of a task/);
  expect(await t.queue.cancel({ _id: undefined } as never)).toEqual({ cancelled: 0, requested: 0 });
});
