import { Priority } from '../../../infra/catalog';
import { Ageing } from '../../../infra/queue/due/ageing';
import { putInRateLine } from '../../../infra/queue/store/mongo-rate-lines';
import { brokenDatabase } from '../../support/broken-database';
import { eventually } from '../../support/eventually';
import { hang, TestQueue } from '../../support/queue';
import { readsOf } from '../../support/reads';

/** `humble` is of low priority and rises after a second. */
let t: TestQueue;
beforeEach(async () => {
  t = await TestQueue.open();
});
afterEach(() => t.close());

const humble = (more: object = {}) => t.queue.addTask({ taskType: 'humble', ...more });
const priorityOf = async (id: string) => (await t.queue.findOne(id))?.priority;
const ago = (ms: number) => new Date(Date.now() - ms);

describe('a type with maxWait', () => {
  test.each([Priority.high, Priority.high + 40])(
    'starts while tasks of priority %d never cease to come',
    async priority => {
      const starved = await t.queue.addTask({ taskType: 'background' });
      const late = await humble();
      const add = () => t.queue.addTask({ taskType: 'important', priority });
      await Promise.all([add(), add(), add()]);
      await t.role({ important: async () => void (await add()), humble: async () => {} }, {}, { slots: 1 });
      await t.becomes(late, 'done');
      expect(await t.stateOf(starved)).toBe('queued');
      expect(t.named('queue.aged').length).toBeGreaterThan(0);
    },
  );

  test('raises what waits for a slot as well, and nothing that has not waited so long', async () => {
    await t.role({ humble: hang, ping: hang }, {}, { slots: 1 });
    const first = await humble();
    await t.becomes(first, 'running');
    const inLine = await humble();
    const later = await humble({ dueDate: new Date(Date.now() + 3_600_000) });
    const other = await t.queue.addTask({ taskType: 'background', dueDate: ago(60_000) });
    expect(await t.stateOf(inLine)).toBe('waiting');
    await eventually(async () => (await priorityOf(inLine)) === Priority.high);
    expect(await Promise.all([later, other].map(priorityOf))).toEqual([Priority.low, Priority.low]);
  });

  test('raises what waits for the rate of its key as well', async () => {
    const ids = await t.queue.addTasks(
      [Priority.low, Priority.low - 5].map(
        priority => ({ taskType: 'calls', data: { customer: 'ada' }, priority, dueDate: ago(60_000) }) as const,
      ),
    );
    const { store } = t.queue.core;
    await putInRateLine(store.collection, 'calls/ada', ids);
    expect(await store.raise({ taskType: 'calls', lines: ['rate'] }, ago(30_000), Priority.high, 100)).toBe(2);
    expect(await Promise.all(ids.map(priorityOf))).toEqual([Priority.high, Priority.high]);
  });

  test('goes on to rise where one look for it has failed', async () => {
    let failures = 0;
    const db = brokenDatabase(t.database.db, 'findOne', ([filter]) => {
      if (failures > 0 || !JSON.stringify(filter).includes('humble')) return undefined;
      failures += 1;
      return Promise.reject(
        Object.assign(new Error('This socket has been ended'), { code: 'EPIPE', syscall: 'write' }),
      );
    });
    await t.queue.pause('humble');
    await (await t.elsewhere({ db })).role({});
    expect(failures).toBe(1);
    const late = await humble({ dueDate: ago(60_000) });
    await eventually(async () => (await priorityOf(late)) === Priority.high);
  });

  test('is reported each time that looks for it begin to fail', async () => {
    let refuses = true;
    let answers = 0;
    const db = brokenDatabase(t.database.db, 'findOne', ([filter]) => {
      if (!JSON.stringify(filter).includes('humble')) return undefined;
      if (refuses) return Promise.reject(new Error('of a kind that nobody knows'));
      answers += 1;
      return undefined;
    });
    const here = await t.elsewhere({ db });
    await here.role({});
    for (const times of [1, 2]) {
      refuses = true;
      await eventually(() => here.named('queue.failed').length === times);
      refuses = false;
      answers = 0;
      // A look asks two lines.
      await eventually(() => answers > 4);
    }
  });

  test('is asked of in the lines alone that its tasks can be in: without a rate by key, not in that', async () => {
    const { core } = t.queue;
    const ageing = new Ageing(core, core.store, () => {});
    const reads = await readsOf(t.database.db, () => ageing.look());
    const lines = reads.map(({ plan }) => /limitKey|rateKey/.exec(plan)?.[0] ?? 'queue');
    expect(lines).toEqual(['queue', 'limitKey', 'queue', 'limitKey']);
  });

  test('finds what is late by an index, one step for each priority', async () => {
    const { collection } = t.queue.core.store;
    const due = [ago(60_000), ago(50_000), ...Array.from({ length: 400 }, () => new Date())];
    await t.queue.addTasks(due.map((dueDate, n) => ({ taskType: 'ping' as const, dueDate, priority: n % 4 })));
    const late = { state: 'queued' as const, taskType: 'ping', priority: { $lt: 10 }, dueDate: { $lt: ago(30_000) } };
    const { executionStats } = await collection.find(late).hint('claim').explain('executionStats');
    expect(executionStats.nReturned).toBe(2);
    expect(executionStats.totalKeysExamined).toBeLessThan(30);
    expect(await t.queue.core.store.raise({ taskType: 'ping', lines: [] }, ago(30_000), 10, 100)).toBe(2);
    expect(await t.queue.find({ priority: 10 }).countAsync()).toBe(2);
  });
});
