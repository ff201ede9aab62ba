import { batchesView, batchView } from '../../../infra/console/views/batches';
import type { AnyQueue } from '../../../infra/console/views/view';
import type { Task } from '../../../infra/queue';
import { eventually } from '../../support/eventually';
import { TestQueue } from '../../support/queue';
import { readsOf } from '../../support/reads';

let t: TestQueue;
let queue: AnyQueue;
beforeEach(async () => {
  t = await TestQueue.open();
  queue = t.queue as unknown as AnyQueue;
  await t.queue.core.batches.ensureIndexes();
});
afterEach(() => t.close());

test('a batch is shown with who has failed of it and what comes after it, and the list has the newest first', async () => {
  await t.role({
    strict: async ({ data }: Task) => {
      if ((data as { rows: number }).rows % 2) throw new Error('odd');
    },
    background: async () => {},
  });
  await t.queue.addBatch({ _id: 'earlier', name: 'earlier', tasks: [], open: true });
  const tasks = [1, 2].map(rows => ({ taskType: 'strict' as const, data: { rows } }));
  await t.queue.addBatch({ _id: 'rows', name: 'rows', tasks, then: { taskType: 'background' } });
  await t.becomes('rows:then', 'done');
  await eventually(async () => (await t.queue.batch('rows').read())?.state === 'ended');
  const one = batchView(queue);
  expect(await one.look(one.parse({ id: 'rows' }))).toMatchObject({
    batch: { name: 'rows', added: 2, done: 1, failed: 1 },
    failed: ['rows:0'],
    moreFailed: false,
    graph: {
      nodes: [
        { id: 'rows', kind: 'batch', title: 'rows', state: 'ended', column: 0 },
        { id: 'rows:then', kind: 'task', title: 'background', state: 'done', column: 1 },
      ],
      edges: [{ from: 'rows', to: 'rows:then' }],
      more: false,
    },
  });
  expect(() => one.parse({ id: { $ne: '' } })).toThrow('id: give a text');
  const { rows, more } = await batchesView(queue).look({});
  expect([rows.map(({ _id }) => _id), more]).toEqual([['rows', 'earlier'], false]);
});

test('what comes after what is shown from the task that made a batch on, as far as some steps go, by indexes alone', async () => {
  const made = await t.queue.addTask({ taskType: 'background' });
  const later = { taskType: 'background' as const };
  const ping = { taskType: 'ping' as const };
  await t.queue.addBatch({ _id: 'first', name: 'first', tasks: [ping], then: later, onFailure: later, open: true });
  await t.queue.addBatch({ _id: 'second', name: 'second', tasks: [ping], then: later, open: true });
  const { db } = t.database;
  await db.collection<{ _id: string }>('taskBatches').updateOne({ _id: 'first' }, { $set: { createdBy: made } });
  await db
    .collection<{ _id: string }>('taskBatches')
    .updateOne({ _id: 'second' }, { $set: { createdBy: 'first:then' } });
  const behind = await t.queue.addTasks(Array.from({ length: 30 }, () => ({ ...later, after: ['first:onFailure'] })));
  const one = batchView(queue);
  let graph: Awaited<ReturnType<typeof one.look>>['graph'] | undefined;
  const reads = await readsOf(db, async () => {
    ({ graph } = await one.look({ id: 'first' }));
  });
  expect(graph?.nodes.slice(0, 4).map(({ id, column }) => [id, column])).toEqual([
    ['first', 0],
    [made, -1],
    ['first:then', 1],
    ['first:onFailure', 1],
  ]);
  expect(graph?.edges).toContainEqual({ from: 'first', to: 'first:onFailure', note: 'if any fails' });
  expect(graph?.edges).toContainEqual({ from: 'first:onFailure', to: behind.sort()[0] });
  expect([graph?.nodes.length, graph?.more]).toEqual([20, true]);
  for (const { plan, docsExamined } of reads) {
    expect(plan).not.toContain('COLLSCAN');
    expect(docsExamined).toBeLessThanOrEqual(51);
  }
});
