import type { Task } from '../../../infra/queue';
import { eventually } from '../../support/eventually';
import { TestQueue } from '../../support/queue';

let t: TestQueue;
beforeEach(async () => {
  t = await TestQueue.open();
});
afterEach(() => t.close());

const turn = (customer: string, more: object = {}) => ({ taskType: 'turns' as const, data: { customer }, ...more });
const customerOf = (task: Task) => (task.data as { customer: string }).customer;

test('50 tenants of very unequal load: before the first task of a newcomer at most one of each other starts', async () => {
  const tenants = Array.from({ length: 50 }, (_, n) => `tenant-${n}`);
  const load = (n: number) => (n === 0 ? 10_000 : n < 10 ? 200 : 20);
  await t.queue.addTasks(tenants.flatMap((tenant, n) => Array.from({ length: load(n) }, () => turn(tenant))));
  const started: string[] = [];
  const movedDates: Task[] = [];
  const run = (task: Task) => {
    started.push(customerOf(task));
    if (+task.dueDate !== +task.createdAt) movedDates.push(task);
  };
  await t.role({ turns: run }, { batch: 10 }, { slots: 4 });
  await eventually(() => started.length > 100);
  const newcomers = [1, 2, 3].map(n => `newcomer-${n}`);
  for (const newcomer of newcomers) {
    const id = await t.queue.addTask(turn(newcomer));
    const before = started.length;
    await t.becomes(id, 'done');
    const meanwhile = started.slice(before, started.indexOf(newcomer));
    // Those that stood in the queue, and those that came into it while it was added.
    expect(Math.max(0, ...tenants.map(tenant => meanwhile.filter(one => one === tenant).length))).toBeLessThanOrEqual(
      2,
    );
  }
});
