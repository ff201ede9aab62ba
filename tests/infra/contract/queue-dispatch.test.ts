import { AsyncLocalStorage } from 'node:async_hooks';
import type { QueueCore } from '../../../infra/queue/api/queue-core';
import type { Task } from '../../../infra/queue/model/task';
import { Completer } from '../../../infra/queue/settle/completer';
import { DatabaseGuard } from '../../../infra/queue/store/database-guard';
import { MemoryStore } from '../../../infra/queue/store/memory-store';
import { TaskCounters } from '../../../infra/queue/store/task-counters';
import type { Settlement } from '../../../infra/queue/store/task-store';
import { eventually } from '../../support/eventually';
import { gate, TestQueue } from '../../support/queue';
import { aTask } from '../../support/tasks';

let here: TestQueue;

beforeEach(async () => {
  here = await TestQueue.open();
});
afterEach(() => here.close());

test('a task that is added runs once, and its result and attempt are kept', async () => {
  await here.role({ ping: ({ data }) => ({ doubled: (data as { n: number }).n * 2 }) });
  const id = await here.queue.addTask({ taskType: 'ping', data: { n: 21 } });
  await here.becomes(id, 'done');
  const task = await here.queue.findOne(id);
  expect(task).toMatchObject({ result: { doubled: 42 }, attempt: 1, sender: { appId: 'test' } });
  expect(task?.attempts).toHaveLength(1);
  expect(task?.attempts[0]).toMatchObject({ outcome: 'done', workerPid: process.pid });
});

test('a task that another process adds is noticed at once, not at the next poll', async () => {
  await here.role({ ping: () => 'done' }, { refreshRate: 600_000 });
  const elsewhere = await here.elsewhere();
  const id = await elsewhere.queue.addTask({ taskType: 'ping' });
  await here.becomes(id, 'done');
});

test('tasks start by priority, those at the front before their equals', async () => {
  await here.queue.addTasks([
    { _id: 'low', taskType: 'background' },
    { _id: 'one', taskType: 'ping' },
    { _id: 'two', taskType: 'ping' },
    { _id: 'front', taskType: 'ping', front: true },
    { _id: 'high', taskType: 'important' },
  ]);
  const order: string[] = [];
  const handler = (task: Task) => order.push(task._id);
  await here.role({ ping: handler, background: handler, important: handler }, {}, { slots: 1 });
  await here.becomes('low', 'done');
  expect(order).toEqual(['high', 'front', 'one', 'two', 'low']);
});

test('in-memory tasks keep their id, run first, and are shown', async () => {
  const order: string[] = [];
  await here.queue.addTask({ _id: 'kept', taskType: 'important' });
  const { open, opened } = gate();
  const handler = async (task: Task) => {
    order.push(task._id);
    if (task._id === 'blocker') await opened;
  };
  await here.queue.pause();
  await here.role({ ping: handler, important: handler }, {}, { slots: 1 });
  expect(await here.queue.addTask({ _id: 'mine', taskType: 'ping', inMemory: true })).toBe('mine');
  expect(here.queue.inMemory.findById('mine')).toMatchObject({ state: 'queued' });
  expect(here.queue.inMemory.availableTasks().map(({ _id }) => _id)).toEqual(['mine']);
  await here.queue.addTask({ _id: 'gone', taskType: 'ping', inMemory: true });
  await here.queue.inMemory.removeById('gone');
  await here.queue.resume();
  open();
  await here.becomes('kept', 'done');
  expect(order).toEqual(['mine', 'kept']);
  expect(here.queue.inMemory.tasks()).toEqual([]);
});

test('an in-memory task where nothing runs tasks is refused with the reason', async () => {
  await expect(here.queue.addTask({ taskType: 'ping', inMemory: true })).rejects.toThrow('this process runs no tasks');
});

test('progress is shown while the task runs', async () => {
  const { open, opened } = gate();
  await here.role({
    ping: async (_, { progress }) => {
      progress(0.5, 'half');
      await opened;
    },
  });
  const id = await here.queue.addTask({ taskType: 'ping' });
  await eventually(async () => (await here.queue.findOne(id))?.progress?.fraction === 0.5);
  open();
  await here.becomes(id, 'done');
});

/** Counts how often ends were written. */
class CountingStore extends MemoryStore {
  writes = 0;

  override settle(settlements: readonly Settlement[]): Promise<string[]> {
    this.writes += 1;
    return super.settle(settlements);
  }
}

test('ends that come one after the other are written together, at a pace', async () => {
  // It takes no time to write: what lets ends come together that come in turns of their own is the pace alone.
  const store = new CountingStore();
  const core = { ...here.queue.core, store: store as unknown as QueueCore['store'] };
  const settled: string[] = [];
  const completer = new Completer({
    core,
    guard: new DatabaseGuard(() => {}),
    counters: new TaskCounters(core.db),
    onSettled: ({ task }) => settled.push(task._id),
    onLost: () => {},
  });
  await store.insert(Array.from({ length: 30 }, (_, n) => ({ task: aTask({ _id: `t${n}` }), once: false })));
  const ids = Array.from({ length: 30 }, (_, n) => `t${n}`);
  const tasks = await store.take(ids, { owner: 'me', token: 't', now: new Date(), leaseUntil: new Date() });
  for (const task of tasks) {
    completer.add({ task, outcome: { kind: 'done', value: undefined } }, store);
    await new Promise(resolve => setImmediate(resolve));
  }
  await eventually(() => settled.length === 30);
  expect(store.writes).toBeLessThan(10);
});

test('what a role does belongs to the context of nobody who has added a task', async () => {
  const context = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const note = () => seen.push(context.getStore());
  await here.role({ ping: note });
  for (const name of ['due', 'started', 'done'] as const) here.queue.on(name, note);
  // In memory, one after the other: mostly nothing but the call itself wakes the role.
  for (let n = 0; n < 10; n++) {
    const dueDate = new Date(Date.now() + 10 * (n % 2));
    await context.run('mine', () => here.queue.addTask({ taskType: 'ping', inMemory: true, dueDate }));
    await eventually(() => here.queue.core.memory.live().length === 0);
  }
  expect(seen.length).toBeGreaterThanOrEqual(30);
  expect(new Set(seen)).toEqual(new Set([undefined]));
});
