import { typesView } from '../../../infra/console/views/task-types';
import type { AnyQueue, ViewDeps } from '../../../infra/console/views/view';
import { eventually } from '../../support/eventually';
import { TestQueue } from '../../support/queue';
import { readsOf } from '../../support/reads';

let here: TestQueue;
beforeEach(async () => {
  here = await TestQueue.open();
});
afterEach(() => here.close());

const living = [{ details: { taskTypes: ['ping', 'calls', 'pairs'] } }];

function view() {
  const queue = here.queue as unknown as AnyQueue;
  const registry = { list: async () => living };
  return typesView({ queue, registry } as unknown as ViewDeps, () => here.queue.counts());
}

const rowOf = async (taskType: string) => (await view().look({})).rows.find(({ _id }) => _id === taskType);

test('a type is shown with its limits, what was changed of them by whom, and how its last day was', async () => {
  await here.role({ ping: () => 1, strict: () => Promise.reject(new Error('no')) });
  const ids = await here.queue.addTasks([{ taskType: 'ping' }, { taskType: 'strict', data: { rows: 1 } }]);
  await here.becomes(ids[0] as string, 'done');
  await here.becomes(ids[1] as string, 'failed');
  // The role counts an end once it is written.
  await eventually(async () => {
    await here.queue.core.statistics.flush();
    const [ping, strict] = await Promise.all([rowOf('ping'), rowOf('strict')]);
    return ping?.day?.done === 1 && strict?.day?.failed === 1;
  });
  await here.queue.limits.override('calls', { rateLimit: { max: 9, per: 1_000 }, priority: 4 }, { by: 'Ada' });
  await here.queue.pause('pairs');
  expect(await rowOf('ping')).toMatchObject({
    day: { done: 1, failed: 0, run: { p50Ms: expect.any(Number) }, wait: { p95Ms: expect.any(Number) } },
    definition: { limits: { priority: 1 }, runsIn: 'worker', over: 'in each role' },
    untaken: false,
    paused: false,
  });
  expect(await rowOf('strict')).toMatchObject({ day: { done: 0, failed: 1 }, untaken: true });
  expect(await rowOf('calls')).toMatchObject({
    definition: { limits: { rateLimit: { max: 2, per: 400 } }, rateKey: 'customer' },
    override: { rateLimit: { max: 9, per: 1_000 }, priority: 4, by: 'Ada', at: expect.any(Date) },
  });
  expect(await rowOf('pairs')).toMatchObject({
    paused: true,
    definition: { limits: { concurrency: 2 }, over: 'in all' },
  });
  expect(await rowOf('turns')).toMatchObject({ definition: { over: 'for each customer' } });
});

test('what is no longer in the catalog is shown as such, however many tasks there are, by an index', async () => {
  const { collection } = here.queue.core.store;
  const old = Array.from({ length: 50 }, (_, n) => ({
    _id: `old${n}`,
    taskType: 'old',
    state: 'queued',
    catalogVersion: 1,
  }));
  await collection.insertMany(old as never[]);
  here.queue.core.statistics.count('ping', 'done');
  await here.queue.core.statistics.flush();
  const looked = view();
  const reads = await readsOf(here.database.db, async () => {
    const { rows } = await looked.look({});
    expect(rows.at(-1)).toMatchObject({ _id: 'old', now: { queued: 50 } });
    expect(rows.at(-1)).not.toHaveProperty('definition');
  });
  const statistics = reads.filter(({ collection: name }) => name === 'taskStatistics');
  expect(statistics.length).toBeGreaterThan(0);
  for (const { plan } of statistics) expect(plan).toContain('IXSCAN');
  for (const { plan, collection: name } of reads) if (name === 'taskQueue') expect(plan).not.toContain('COLLSCAN');
});
