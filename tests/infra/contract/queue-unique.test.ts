import type { Task } from '../../../infra/queue';
import { gate, hang, TestQueue } from '../../support/queue';

/** The database's time as these tests set it. */
let shiftMs = 0;
const clock = { now: () => new Date(Date.now() + shiftMs) };
const minute = 60_000;

let t: TestQueue;
beforeEach(async () => {
  shiftMs = 0;
  t = await TestQueue.open({ clock });
});
afterEach(() => t.close());

const ping = (n: number, unique: object | false, more: object = {}) =>
  t.queue.addTask({ taskType: 'ping', data: { n }, unique, ...more } as never);
const all = async () => (await t.queue.find().fetchAsync()).map(({ _id }) => _id).sort();
const finish = (id: string, state: Task['state']) =>
  t.queue.core.store.collection.updateOne({ _id: id }, { $set: { state, finishedAt: new Date(), attempt: 1 } });

describe('unique', () => {
  test('keep gives the id of the task that is there, until it has finished', async () => {
    const first = await ping(1, { key: 'a' });
    expect(await ping(2, { key: 'a' })).toBe(first);
    await finish(first, 'running');
    expect(await ping(3, { key: 'a', on: 'keep' })).toBe(first);
    expect(await ping(4, { key: 'b' })).not.toBe(first);
    await finish(first, 'done');
    const next = await ping(5, { key: 'a' });
    expect(await all()).toHaveLength(3);
    expect(await t.queue.findOne(next)).toMatchObject({ data: { n: 5 }, unique: { key: 'ping/a' } });
    expect(await t.queue.findOne(first)).not.toHaveProperty('unique');
  });

  test('refuse says which task is in the way, and until when', async () => {
    const first = await ping(1, { key: 'a', on: 'refuse' });
    await expect(ping(2, { key: 'a', on: 'refuse' })).rejects.toMatchObject({
      name: 'DuplicateTaskError',
      field: 'unique',
      value: 'a',
      existingId: first,
      message: `unique: "a" is taken by a task that has not finished yet (task "${first}")`,
    });
    const spanned = await ping(1, { key: 'b', on: 'refuse', for: minute });
    await finish(spanned, 'done');
    await expect(ping(2, { key: 'b', on: 'refuse' })).rejects.toThrow(/not finished yet, or at least until 20/);
  });

  test('with a span, what is done keeps its key until that is over, and what has failed does not', async () => {
    const first = await ping(1, { key: 'a', for: minute });
    await finish(first, 'done');
    shiftMs = minute - 5_000;
    expect(await ping(2, { key: 'a', for: minute })).toBe(first);
    shiftMs = minute + 5_000;
    const second = await ping(3, { key: 'a', for: minute });
    expect(second).not.toBe(first);
    await finish(second, 'failed');
    expect(await ping(4, { key: 'a', for: minute })).not.toBe(second);
  });

  test('after the span one that waits still does for all, and one that runs does not', async () => {
    const first = await ping(1, { key: 'a', for: minute });
    shiftMs = 2 * minute;
    expect(await ping(2, { key: 'a', for: minute })).toBe(first);
    await finish(first, 'running');
    expect(await ping(3, { key: 'a', for: minute })).not.toBe(first);
  });

  test('replace changes what a task works on, in its place in the queue', async () => {
    const first = await ping(1, { key: 'a', on: 'replace' });
    const other = await ping(2, { key: 'b', on: 'replace' });
    const before = await t.queue.findOne(first);
    expect(await ping(3, { key: 'a', on: 'replace' }, { priority: 2 })).toBe(first);
    expect(await ping(4, { key: 'b', on: 'replace' })).toBe(other);
    const after = await t.queue.findOne(first);
    expect(after).toMatchObject({ data: { n: 3 }, state: 'queued', priority: 2, dueDate: before?.dueDate });
    const runs: unknown[] = [];
    await t.role({ ping: async ({ data }) => void runs.push(data) });
    await t.becomes(other, 'done');
    expect(runs).toEqual([{ n: 3 }, { n: 4 }]);
  });

  test('replace leaves a task alone that has begun, though it waits again', async () => {
    const opened = gate();
    await t.role({ patient: () => opened.opened.then(() => Promise.reject(new Error('no'))) });
    const patient = () => t.queue.addTask({ taskType: 'patient', unique: { key: 'a', on: 'replace' } });
    const first = await patient();
    await t.becomes(first, 'running');
    const second = await patient();
    expect(second).not.toBe(first);
    await t.becomes(second, 'running');
    opened.open();
    await t.becomes(second, 'scheduled');
    expect(await patient()).not.toBe(second);
  });

  test('replace with a span puts the start off with each, but no later than at the latest', async () => {
    const begin = clock.now().getTime();
    const debounced = { key: 'a', on: 'replace', for: minute, atLatest: 1.5 * minute };
    const first = await ping(1, debounced);
    const afterMs = async () => (await t.queue.findOne(first))!.dueDate.getTime() - begin;
    expect((await afterMs()) / minute).toBeCloseTo(1, 1);
    shiftMs = minute / 4;
    await ping(2, debounced);
    expect((await afterMs()) / minute).toBeCloseTo(1.25, 1);
    shiftMs = 0.9 * minute;
    await ping(3, debounced);
    expect((await afterMs()) / minute).toBeCloseTo(1.5, 1);
    shiftMs = 2 * minute;
    // As a schedule says when its run was due.
    expect(await ping(4, debounced, { dueDate: new Date(begin) })).toBe(first);
    expect(await t.queue.findOne(first)).toMatchObject({ state: 'queued', data: { n: 4 } });
  });

  test('a debounced task runs once, by itself, with what was added last', async () => {
    const runs: unknown[] = [];
    await t.role({ ping: async ({ data }) => void runs.push(data) });
    const debounced = { key: 'a', on: 'replace', for: 1_500 };
    const ids = [await ping(1, debounced), await ping(2, debounced), await ping(3, debounced)];
    expect(new Set(ids).size).toBe(1);
    await t.becomes(ids[0] as string, 'done');
    expect(runs).toEqual([{ n: 3 }]);
  });

  test('of a type it goes by the fields that it names, and a task may have its own, or none', async () => {
    const sitemap = (site: string, page: string, unique?: false) =>
      t.queue.addTask({ taskType: 'sitemap', data: { site, page }, ...(unique === false && { unique }) });
    const first = await sitemap('x', '1');
    expect(await sitemap('x', '2')).toBe(first);
    expect(await sitemap('y', '1')).not.toBe(first);
    expect(await sitemap('x', '3', false)).not.toBe(first);
    await finish(first, 'done');
    const again = await t.queue.replay(first);
    expect(again).not.toBe(first);
    expect(await t.queue.findOne(again)).not.toHaveProperty('unique');
  });

  test('of tasks that are added together, and by one call each at once, one is there', async () => {
    const unique = { key: 'a' };
    const tasks = Array.from({ length: 20 }, (_, n) => ({ taskType: 'ping' as const, data: { n }, unique }));
    const ids = [...(await t.queue.addTasks(tasks)), ...(await Promise.all(tasks.map(task => t.queue.addTask(task))))];
    expect(new Set(ids).size).toBe(1);
    expect(await all()).toHaveLength(1);
  });

  test.each(['keep', 'replace', 'refuse'] as const)('eight that %s at once come to one task', async on => {
    const queues = await Promise.all(Array.from({ length: 8 }, () => t.elsewhere()));
    const first = await ping(0, { key: 'a', for: minute });
    await finish(first, 'failed');
    const add = (n: number) =>
      queues[n % 8]!.queue.addTask({ taskType: 'ping', data: { n }, unique: { key: 'a', on, for: minute } });
    const added = await Promise.allSettled(Array.from({ length: 40 }, (_, n) => add(n)));
    const ids = added.flatMap(one => (one.status === 'fulfilled' ? one.value : []));
    expect(new Set(ids).size).toBe(1);
    expect(ids).toHaveLength(on === 'refuse' ? 1 : 40);
    expect(await all()).toHaveLength(2);
  });

  test('in a transaction it is kept, replaced and refused by what that sees, and undone with it', async () => {
    const first = await ping(1, { key: 'a' });
    const inSession = (n: number, unique: object, abort = false) =>
      t.database.db.client.withSession(session =>
        session.withTransaction(async () => {
          const id = await ping(n, unique, { session });
          if (abort) await session.abortTransaction();
          return id;
        }),
      );
    expect(await inSession(2, { key: 'a' })).toBe(first);
    await inSession(3, { key: 'a', on: 'replace' }, true);
    expect(await t.queue.findOne(first)).toMatchObject({ data: { n: 1 } });
    expect(await inSession(4, { key: 'a', on: 'replace' })).toBe(first);
    expect(await t.queue.findOne(first)).toMatchObject({ data: { n: 4 } });
    await expect(inSession(5, { key: 'a', on: 'refuse' })).rejects.toMatchObject({ field: 'unique' });
    const both = await Promise.all([inSession(6, { key: 'b' }), inSession(7, { key: 'b' })]);
    expect(new Set(both).size).toBe(1);
  });

  test('works in memory as well', async () => {
    await t.role({ ping: hang }, {}, { slots: 1 });
    const inMemory = { inMemory: true };
    const running = await ping(0, { key: 'x', on: 'replace' }, inMemory);
    const first = await ping(1, { key: 'a' }, inMemory);
    expect(await ping(2, { key: 'a' }, inMemory)).toBe(first);
    expect(await ping(3, { key: 'a', on: 'replace' }, inMemory)).toBe(first);
    expect(t.queue.inMemory.findById(first)).toMatchObject({ data: { n: 3 } });
    await expect(ping(4, { key: 'a', on: 'refuse' }, inMemory)).rejects.toMatchObject({ field: 'unique', value: 'a' });
    await t.queue.cancel(first);
    expect(await ping(5, { key: 'a' }, inMemory)).not.toBe(first);
    expect(running).not.toBe(first);
  });

  test('lets a slot go that the replaced task had, to the next in line', async () => {
    const turn = (customer: string, unique: object | false, more = {}) =>
      t.queue.addTask({ taskType: 'turns', data: { customer }, unique, ...more } as never);
    const first = await turn('ada', { key: 'a', on: 'replace' });
    const next = await turn('ada', false);
    expect([await t.stateOf(first), await t.stateOf(next)]).toEqual(['queued', 'waiting']);
    await turn('ada', { key: 'a', on: 'replace' });
    expect([await t.stateOf(first), await t.stateOf(next)]).toEqual(['queued', 'waiting']);
    expect(await turn('bob', { key: 'a', on: 'replace' })).toBe(first);
    expect([await t.stateOf(first), await t.stateOf(next)]).toEqual(['queued', 'queued']);
    expect(await t.queue.findOne(first)).toMatchObject({ limitKey: 'turns/bob', slot: 'turns/bob#0' });
  });

  test('what is replaced is signed, and what nobody has signed keeps no key', async () => {
    const signed = await t.elsewhere({ signingKeys: ['a secret of thirty-two characters'], clock });
    const add = (n: number, on: 'keep' | 'replace') =>
      signed.queue.addTask({ taskType: 'ping', data: { n }, unique: { key: 'a', on } });
    const forged = await ping(1, { key: 'a' });
    const genuine = await add(2, 'keep');
    expect(genuine).not.toBe(forged);
    expect(await add(3, 'replace')).toBe(genuine);
    await signed.role({ ping: async () => {} });
    await t.becomes(genuine, 'done');
    await t.becomes(forged, 'rejected');
  });

  test('all that is wrong with it is said', async () => {
    const message = async (unique: unknown, more: object = {}) =>
      (await ping(1, unique as object, more).catch(error => error)).message;
    expect(await message('a')).toBe('unique: "a" is not an object like { key, for, on }');
    expect(await message({ for: 1 })).toMatch(/^unique: .* has a key that is not a text of one character or more$/);
    expect(await message({ key: 'a', on: 'replac' })).toMatch(/^unique.on: "replac" is none of keep.*did you mean/);
    expect(await message({ key: 'a', for: 0 })).toBe(
      'unique.for: 0 is not a number of milliseconds from 1 to 2147483647',
    );
    expect(await message({ key: 'a', atLatest: 5 })).toMatch(/^unique.atLatest: says nothing without/);
    expect(await message({ key: 'a', on: 'replace', for: 5, atLatest: 4 })).toBe(
      'unique.atLatest: 4 is below for, which is 5',
    );
    expect(await message({ key: 'a', foor: 4 })).toMatch(/^unique.foor: unknown option, did you mean/);
    expect(await message({ key: 'a', for: 8 * 86_400_000 })).toMatch(/longer than what is done is kept/);
    expect(await message({ key: 'a' }, { batch: 'b' })).toMatch(/^unique: a batch waits for this very task/);
    const later = { dueDate: new Date(Date.now() + minute) };
    expect(await message({ key: 'a', on: 'replace', for: 5 }, later)).toMatch(/^dueDate: with unique it starts 5 ms/);
    expect(await message({ key: 'a', on: 'replace' }, { after: ['x'] })).toMatch(/^after: with unique/);
  });
});
