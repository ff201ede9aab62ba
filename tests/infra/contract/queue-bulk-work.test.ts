import type { BulkWork } from '../../../infra/queue';
import { pageSize } from '../../../infra/queue/model/bulk-work';
import type { Task } from '../../../infra/queue/model/task';
import { brokenDatabase } from '../../support/broken-database';
import { eventually } from '../../support/eventually';
import { gate, hang, TestQueue } from '../../support/queue';
import { aTask } from '../../support/tasks';

let t: TestQueue;
beforeEach(async () => {
  t = await TestQueue.open();
});
afterEach(() => t.close());

const ended = (id: string, more: Partial<Task> = {}) =>
  aTask({ _id: id, state: 'failed', attempt: 1, finishedAt: new Date(Date.now() - 1_000), ...more });
const put = (tasks: Task[]) => t.queue.core.store.collection.insertMany(tasks, { ignoreUndefined: true });
const ids = (count: number) => Array.from({ length: count }, (_, n) => `task-${String(n).padStart(5, '0')}`);
const read = (work: BulkWork) => t.queue.bulkWork(work._id);
const endOf = (work: BulkWork) =>
  eventually(async () => {
    const now = await read(work);
    return now?.state === 'running' ? undefined : now;
  });

describe('work on many tasks', () => {
  test('retries all that have failed, in pages, and tells how far it is', async () => {
    const many = ids(pageSize + 10);
    await put([...many.map(id => ended(id)), ended('other', { taskType: 'strict' }), ended('fine', { state: 'done' })]);
    const runs: string[] = [];
    await t.role({ ping: async ({ _id }) => void runs.push(_id) });
    const work = await t.queue.retryAll({ state: 'failed', taskType: 'ping' });
    expect(work).toMatchObject({ kind: 'retry', state: 'running', done: 0, skipped: 0 });
    const end = await endOf(work);
    expect(end).toMatchObject({ state: 'done', of: many.length, done: many.length, skipped: 0, problems: [] });
    expect(end).not.toHaveProperty('leaseUntil');
    await eventually(
      async () => (await t.queue.find({ _id: { $in: many }, state: 'done' }).countAsync()) === many.length,
    );
    expect(runs.sort()).toEqual(many);
    expect([await t.stateOf('other'), await t.stateOf('fine')]).toEqual(['failed', 'done']);
    await eventually(() => t.named('queue.bulkWork').length > 0);
    expect(t.named('queue.bulkWork')).toHaveLength(1);
    expect(await t.queue.bulkWorks()).toHaveLength(1);
  });

  test('does not retry what fails again meanwhile, and says what another task is in the way of', async () => {
    await put([ended('a'), ended('b', { uniqueKey: 'k' }), ended('c')]);
    await t.queue.addTask({ taskType: 'patient', uniqueKey: 'k' });
    let runs = 0;
    await t.role({
      ping: async () => {
        runs++;
        throw new Error('again');
      },
    });
    const end = await endOf(await t.queue.retryAll({ taskType: 'ping' }));
    expect(end).toMatchObject({ of: 3, done: 2, skipped: 1 });
    expect(end?.problems).toEqual(['task "b": its uniqueKey is taken by a task that has not finished yet']);
    expect(runs).toBeLessThanOrEqual(2);
  });

  test('replays each once, whoever has begun with it, and none of its own replays', async () => {
    const many = ids(20);
    await put(many.map(id => ended(id, { state: 'done' })));
    const work = await t.queue.replayAll({ taskType: 'ping' });
    const records = t.database.db.collection<{ _id: string }>('bulkWork');
    // A role has dealt with half of a page and died.
    const [first, ...others] = many as [string, ...string[]];
    await t.queue.addTask({ taskType: 'ping', _id: `${work._id}:${first}`, once: true });
    await records.updateOne({ _id: work._id }, { $set: { of: 20, page: [first, others[0]], token: 'dead' } });
    await t.role({ ping: async () => {} });
    expect(await endOf(work)).toMatchObject({ state: 'done', of: 20, done: 20, skipped: 0 });
    expect(await t.queue.find({ origin: { $in: many } }).countAsync()).toBe(19);
    expect(await t.queue.find().countAsync()).toBe(40);
  });

  test('cancels and removes in the same way, but nothing that runs is removed', async () => {
    const opened = gate();
    await t.role({ ping: () => opened.opened }, {}, { slots: 1 });
    const running = await t.queue.addTask({ taskType: 'ping' });
    await t.becomes(running, 'running');
    await t.queue.addTasks(
      ids(30).map(_id => ({ taskType: 'patient' as const, _id, dueDate: new Date(Date.now() + 1e6) })),
    );
    expect(await endOf(await t.queue.cancelAll({ taskType: 'patient' }))).toMatchObject({ of: 30, done: 30 });
    expect(await t.queue.find({ state: 'cancelled' }).countAsync()).toBe(30);
    expect(await endOf(await t.queue.removeAll({ taskType: { $in: ['patient', 'ping'] } }))).toMatchObject({
      done: 30,
    });
    expect(await t.queue.find().fetchAsync()).toMatchObject([{ _id: running }]);
    opened.open();
  });

  test('stops half-way, and at once where nobody is at it', async () => {
    await put(ids(pageSize + 1).map(id => ended(id, { taskType: 'patient' })));
    const idle = await t.queue.retryAll({ taskType: 'patient' });
    expect(await t.queue.stopBulkWork(idle._id)).toBe(true);
    expect(await read(idle)).toMatchObject({ state: 'stopped', done: 0 });
    expect(await t.queue.stopBulkWork(idle._id)).toBe(false);
    const work = await t.queue.retryAll({ taskType: 'patient' });
    const records = t.database.db.collection<{ _id: string }>('bulkWork');
    const page = ids(pageSize);
    await records.updateOne({ _id: work._id }, { $set: { of: pageSize + 1, page } });
    expect(await t.queue.stopBulkWork(work._id)).toBe(true);
    expect(await read(work)).toMatchObject({ state: 'running', stopRequested: true });
    await t.role({});
    expect(await endOf(work)).toMatchObject({ state: 'stopped', done: pageSize, of: pageSize + 1 });
  });

  test('is carried out by a role that has not heard of it from this process', async () => {
    await put([ended('a', { taskType: 'patient' })]);
    const other = await t.elsewhere();
    await t.role({});
    const work = await other.queue.retryAll({ _id: 'a' });
    expect(await endOf(work)).toMatchObject({ state: 'done', done: 1 });
    await eventually(async () => !(await t.queue.core.pauses.read()).bulkWork);
  });

  test('holds up no drain, however long it takes to count: the tasks of that role are handed back', async () => {
    const count = gate();
    let counts = 0;
    const db = brokenDatabase(t.database.db, 'countDocuments', () => {
      counts += 1;
      return count.opened.then(() => 0);
    });
    const here = await t.elsewhere({ db });
    const role = await here.role({ ping: hang });
    const id = await t.queue.addTask({ taskType: 'ping' });
    await t.becomes(id, 'running');
    await here.queue.retryAll({ state: 'failed' });
    await eventually(() => counts > 0);
    const stopped = role.stop(50);
    await t.becomes(id, 'queued');
    expect(await t.queue.findOne(id)).toMatchObject({ attempt: 0, attempts: [] });
    count.open();
    await stopped;
  });

  test('where nobody has signed it, nothing is carried out', async () => {
    await put([ended('a')]);
    const work = await t.queue.removeAll({ _id: 'a' });
    const signed = await t.elsewhere({ signingKeys: ['a secret of thirty-two characters'] });
    await signed.role({});
    expect(await endOf(work)).toMatchObject({ state: 'failed', error: expect.stringContaining('signature') });
    expect(await t.stateOf('a')).toBe('failed');
  });

  test('a selector that says nothing, or that MongoDB does not take, is refused at once', async () => {
    const message = (selector: unknown) => t.queue.retryAll(selector as object).catch(error => error.message);
    expect(await message({})).toMatch(/^retryAll: {} is no selector that says which tasks, as/);
    expect(await message('a')).toMatch(/^retryAll: "a" is no selector/);
    expect(await message({ $ne: 1 })).toMatch(/^retryAll: .* is no selector/);
    expect(await message({ state: undefined })).toMatch(/^retryAll.state: undefined selects nothing/);
    expect(await message({ state: { $isnt: 'done' } })).toMatch(/unknown operator: \$isnt/);
    expect(await t.queue.bulkWorks()).toEqual([]);
  });
});
