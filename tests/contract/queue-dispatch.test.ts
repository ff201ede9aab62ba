import { setTimeout as wait } from 'node:timers/promises';
import type { Task } from '../../infra/queue/task';
import { eventually } from '../support/eventually';
import { TestQueue } from '../support/queue';

let test_: TestQueue;

beforeEach(async () => {
  test_ = await TestQueue.open();
});
afterEach(() => test_.close());

const stateOf = async (id: string) => (await test_.queue.findOne(id))?.state;
const becomes = (id: string, state: string) => eventually(async () => (await stateOf(id)) === state);

/** A handler that waits until the test lets it go. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  return { open, opened };
}

test('a task that is added runs once, and its result and attempt are kept', async () => {
  await test_.role({ ping: ({ data }) => ({ doubled: (data as { n: number }).n * 2 }) });
  const id = await test_.queue.addTask({ taskType: 'ping', data: { n: 21 } });
  await becomes(id, 'done');
  const task = await test_.queue.findOne(id);
  expect(task).toMatchObject({ result: { doubled: 42 }, attempt: 1, sender: { appId: 'test' } });
  expect(task?.attempts).toHaveLength(1);
  expect(task?.attempts[0]).toMatchObject({ outcome: 'done', workerPid: process.pid });
});

test('a task that another process adds is noticed at once, not at the next poll', async () => {
  await test_.role({ ping: () => 'done' }, { refreshRate: 60_000 });
  const elsewhere = await test_.elsewhere();
  const added = Date.now();
  const id = await elsewhere.queue.addTask({ taskType: 'ping' });
  await becomes(id, 'done');
  expect(Date.now() - added).toBeLessThan(5_000);
});

test('a scheduled task starts when it is due, also where another process displaced the next event', async () => {
  const started: string[] = [];
  await test_.role({ ping: task => started.push(task._id) }, { refreshRate: 60_000 });
  const due: string[] = [];
  test_.queue.on('due', ({ task }) => due.push(task._id));
  await test_.queue.addTask({ _id: 'far', taskType: 'ping', dueDate: new Date(Date.now() + 600_000) });
  const elsewhere = await test_.elsewhere();
  const dueDate = new Date(Date.now() + 400);
  await elsewhere.queue.addTask({ _id: 'near', taskType: 'ping', dueDate });
  expect(await stateOf('near')).toBe('scheduled');
  await becomes('near', 'done');
  expect((await test_.queue.findOne('near'))?.attempts[0]?.startedAt.getTime()).toBeGreaterThanOrEqual(+dueDate - 1);
  expect(started).toEqual(['near']);
  expect(due).toEqual(['near']);
});

test('tasks start by priority, those at the front before their equals', async () => {
  await test_.queue.addTasks([
    { _id: 'low', taskType: 'background' },
    { _id: 'one', taskType: 'ping' },
    { _id: 'two', taskType: 'ping' },
    { _id: 'front', taskType: 'ping', front: true },
    { _id: 'high', taskType: 'important' },
  ]);
  const order: string[] = [];
  const handler = (task: Task) => order.push(task._id);
  await test_.role({ ping: handler, background: handler, important: handler }, {}, { slots: 1 });
  await becomes('low', 'done');
  expect(order).toEqual(['high', 'front', 'one', 'two', 'low']);
});

test('a failed attempt is tried again after its backoff, sinks, and the last one fails the task', async () => {
  const seen: number[] = [];
  const events: string[] = [];
  for (const name of ['retry', 'error', 'done'] as const) test_.queue.on(name, () => events.push(name));
  await test_.role({
    flaky: task => {
      seen.push(task.attempt);
      throw new Error(`no ${task._id}`);
    },
  });
  const id = await test_.queue.addTask({ taskType: 'flaky' });
  await becomes(id, 'failed');
  const task = await test_.queue.findOne(id);
  expect(seen).toEqual([0, 1, 2]);
  expect(task).toMatchObject({ attempt: 3, priority: 3, basePriority: 5, error: { message: `no ${id}` } });
  expect(task?.attempts.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'failed']);
  expect(task?.error?.stack).toContain('queue-dispatch.test');
  await eventually(() => events.length === 3);
  expect(events).toEqual(['retry', 'retry', 'error']);
});

test('FatalError stops retrying', async () => {
  await test_.role({
    flaky: () => {
      throw Object.assign(new Error('never'), { name: 'FatalError' });
    },
  });
  const id = await test_.queue.addTask({ taskType: 'flaky' });
  await becomes(id, 'failed');
  expect((await test_.queue.findOne(id))?.attempt).toBe(1);
});

test('a time-out counts as a failed attempt', async () => {
  const hang = (_: Task, { signal }: { signal: AbortSignal }) =>
    new Promise(resolve => signal.addEventListener('abort', resolve));
  await test_.role({ strict: hang }, {}, { timeoutOf: () => 50 });
  const id = await test_.queue.addTask({ taskType: 'strict', data: { rows: 1 } });
  await becomes(id, 'failed');
  expect((await test_.queue.findOne(id))?.attempts[0]).toMatchObject({ outcome: 'timedOut' });
});

test('the same error is grouped, and its 1st and 10th occurrence are told', async () => {
  await test_.role({
    strict: task => {
      throw new Error(`row 17 of "${task._id}" is bad`);
    },
  });
  const tasks = Array.from({ length: 12 }, () => ({ taskType: 'strict' as const, data: { rows: 1 } }));
  const [first] = tasks;
  await test_.queue.addTask(first as (typeof tasks)[0]);
  await eventually(() => test_.named('task.errorGroup').length === 1);
  await test_.queue.addTasks(tasks.slice(1));
  await eventually(async () => (await test_.database.db.collection('taskErrors').findOne())?.count === 12);
  await eventually(() => test_.named('task.errorGroup').length === 2);
  expect(test_.named('task.errorGroup').map(({ fields }) => fields.mark)).toEqual([1, 10]);
  expect(await test_.database.db.collection('taskErrors').countDocuments()).toBe(1);
});

test('no more tasks of a type run at once than its concurrency, and others go past them', async () => {
  const { open, opened } = gate();
  let running = 0;
  let most = 0;
  await test_.role({
    single: async () => {
      most = Math.max(most, ++running);
      await opened;
      running--;
    },
    ping: () => 1,
  });
  const ids = await test_.queue.addTasks(
    Array.from({ length: 4 }, () => ({ taskType: 'single' as const, priority: 9 })),
  );
  const other = await test_.queue.addTask({ taskType: 'ping' });
  await becomes(other, 'done');
  open();
  for (const id of ids) await becomes(id, 'done');
  expect(most).toBe(1);
});

test('a role runs no more tasks at once than its limit', async () => {
  let running = 0;
  let most = 0;
  const handler = async () => {
    most = Math.max(most, ++running);
    await wait(5);
    running--;
  };
  await test_.role({ ping: handler }, { concurrency: 2 });
  const ids = await test_.queue.addTasks(Array.from({ length: 10 }, () => ({ taskType: 'ping' as const })));
  for (const id of ids) await becomes(id, 'done');
  expect(most).toBe(2);
});

test('a rate limit holds over two roles', async () => {
  const starts: number[] = [];
  const handlers = { limited: () => starts.push(Date.now()) };
  await test_.role(handlers);
  await (await test_.elsewhere()).role(handlers);
  const ids = await test_.queue.addTasks(Array.from({ length: 7 }, () => ({ taskType: 'limited' as const })));
  for (const id of ids) await becomes(id, 'done');
  expect(starts).toHaveLength(7);
  // Windows of 1,500 ms with 3 starts each: the fourth and the seventh open a new one.
  expect((starts[3] as number) - (starts[0] as number)).toBeGreaterThan(1_000);
  expect((starts[6] as number) - (starts[3] as number)).toBeGreaterThan(1_000);
});

test('in-memory tasks keep their id, run first, and are shown', async () => {
  const order: string[] = [];
  await test_.queue.addTask({ _id: 'kept', taskType: 'important' });
  const { open, opened } = gate();
  const handler = async (task: Task) => {
    order.push(task._id);
    if (task._id === 'blocker') await opened;
  };
  await test_.queue.pause();
  await test_.role({ ping: handler, important: handler }, {}, { slots: 1 });
  expect(await test_.queue.addTask({ _id: 'mine', taskType: 'ping', inMemory: true })).toBe('mine');
  expect(test_.queue.inMemory.findById('mine')).toMatchObject({ state: 'queued' });
  expect(test_.queue.inMemory.availableTasks().map(({ _id }) => _id)).toEqual(['mine']);
  await test_.queue.addTask({ _id: 'gone', taskType: 'ping', inMemory: true });
  await test_.queue.inMemory.removeById('gone');
  await test_.queue.resume();
  open();
  await becomes('kept', 'done');
  expect(order).toEqual(['mine', 'kept']);
  expect(test_.queue.inMemory.tasks()).toEqual([]);
});

test('an in-memory task where nothing runs tasks is refused with the reason', async () => {
  await expect(test_.queue.addTask({ taskType: 'ping', inMemory: true })).rejects.toThrow('this process runs no tasks');
});

test('cancel stops a running task from any role', async () => {
  const { open, opened } = gate();
  await test_.role(
    {
      ping: async (_, { signal }) => {
        open();
        await new Promise(resolve => signal.addEventListener('abort', resolve));
      },
    },
    { refreshRate: 60_000 },
  );
  const id = await test_.queue.addTask({ taskType: 'ping' });
  await opened;
  const elsewhere = await test_.elsewhere();
  expect(await elsewhere.queue.cancel(id)).toBe('requested');
  await becomes(id, 'cancelled');
  expect((await test_.queue.findOne(id))?.attempts[0]).toMatchObject({ outcome: 'cancelled' });
});

test('a cancel is heard at once also where the role has been busy and is full now', async () => {
  const hang = (_: Task, { signal }: { signal: AbortSignal }) =>
    new Promise(resolve => signal.addEventListener('abort', resolve));
  await test_.role({ ping: () => wait(2), second: hang }, { refreshRate: 60_000, batch: 5 }, { slots: 5 });
  const quick = Array.from({ length: 1_500 }, () => ({ taskType: 'ping' as const, priority: 9 }));
  await test_.queue.addTasks(quick);
  const ids = await test_.queue.addTasks(Array.from({ length: 5 }, () => ({ taskType: 'second' as const })));
  await eventually(
    async () =>
      (await test_.queue.find({ state: 'running' }).countAsync()) === 5 && (await stateOf(ids[4]!)) === 'running',
  );
  const elsewhere = await test_.elsewhere();
  await elsewhere.queue.cancel(ids[0] as string);
  await becomes(ids[0] as string, 'cancelled');
});

test('pause holds a type in every role, resume lets it go', async () => {
  await test_.role({ ping: () => 1, second: () => 2 });
  const elsewhere = await test_.elsewhere();
  await elsewhere.queue.pause('ping');
  await eventually(async () => (await test_.queue.core.pauses.read()).types.has('ping'));
  await wait(250);
  const held = await test_.queue.addTask({ taskType: 'ping' });
  const other = await test_.queue.addTask({ taskType: 'second' });
  await becomes(other, 'done');
  expect(await stateOf(held)).toBe('queued');
  await elsewhere.queue.resume('ping');
  await becomes(held, 'done');
});

test('a task of a type or version that the role does not know stays queued and is reported once', async () => {
  const { collection } = test_.queue.core.store;
  await test_.queue.pause();
  const id = await test_.queue.addTask({ taskType: 'ping' });
  const newer = await test_.queue.addTask({ taskType: 'ping' });
  await collection.updateOne({ _id: id }, { $set: { taskType: 'fromTomorrow' } });
  await collection.updateOne({ _id: newer }, { $set: { catalogVersion: 2 } });
  await test_.queue.resume();
  await test_.role({ ping: () => 1 }, { refreshRate: 20 });
  await eventually(() => test_.named('queue.unknownType').length >= 2);
  await wait(500);
  const types = test_.named('queue.unknownType').map(({ fields }) => `${fields.taskType}@${fields.version}`);
  expect(types.sort()).toEqual(['fromTomorrow@1', 'ping@2']);
  expect([await stateOf(id), await stateOf(newer)]).toEqual(['queued', 'queued']);
});

test('a payload that somebody wrote past addTask is rejected, never runs, and is reported', async () => {
  const ran: string[] = [];
  await test_.queue.pause();
  const id = await test_.queue.addTask({ taskType: 'strict', data: { rows: 1 } });
  await test_.queue.core.store.collection.updateOne({ _id: id }, { $set: { 'data.rows': -1 } });
  await test_.queue.resume();
  await test_.role({ strict: task => ran.push(task._id) });
  await becomes(id, 'rejected');
  expect((await test_.queue.findOne(id))?.error?.message).toContain('strict.data.rows: -1 is below 1');
  await eventually(() => test_.named('task.rejected').length === 1);
  expect(ran).toEqual([]);
});

test('a task whose deadline comes close is bumped to high, and a missed deadline is recorded', async () => {
  await test_.queue.pause('urgent');
  await test_.role({ urgent: () => 1 });
  const heard: unknown[] = [];
  test_.queue.on('deadline', ({ value }) => heard.push(value));
  const id = await test_.queue.addTask({ taskType: 'urgent', deadline: new Date(Date.now() + 900) });
  expect((await test_.queue.findOne(id))?.priority).toBe(1);
  await eventually(async () => (await test_.queue.findOne(id))?.priority === 10);
  expect((await test_.queue.findOne(id))?.deadlineMissed).toBeUndefined();
  await eventually(async () => (await test_.queue.findOne(id))?.deadlineMissed === true);
  expect(heard).toEqual(['near', 'missed']);
  await test_.queue.resume();
  await becomes(id, 'done');
});

test('an overloaded role starts nothing low, then nothing medium, says so once, and again when it resumes', async () => {
  let delay = 120;
  const measureLoad = () => ({ eventLoopDelayMs: delay, cpu: 0, freeMemoryMb: 9_999 });
  const handlers = { background: () => 1, ping: () => 2, important: () => 3 };
  const dispatcher = await test_.role(handlers, { overload: { eventLoopDelayMs: 100 }, measureLoad, refreshRate: 30 });
  await eventually(() => test_.named('queue.overloaded').length === 1);
  const low = await test_.queue.addTask({ taskType: 'background' });
  await becomes(await test_.queue.addTask({ taskType: 'ping' }), 'done');
  delay = 170;
  await eventually(() => test_.named('queue.overloaded').length === 2);
  const medium = await test_.queue.addTask({ taskType: 'ping' });
  await becomes(await test_.queue.addTask({ taskType: 'important' }), 'done');
  expect([await stateOf(low), await stateOf(medium)]).toEqual(['queued', 'queued']);
  delay = 1;
  await becomes(low, 'done');
  await becomes(medium, 'done');
  expect(test_.named('queue.resumed')).toHaveLength(1);
  expect(dispatcher.load.running).toBe(0);
});

test('drain finishes what it can, hands the rest back untouched, and claims nothing more', async () => {
  const { open, opened } = gate();
  const dispatcher = await test_.role({
    ping: async ({ data }, { signal }) => {
      open();
      await wait((data as { n: number }).n, undefined, { signal });
    },
  });
  const quick = await test_.queue.addTask({ taskType: 'ping', data: { n: 100 } });
  const slow = await test_.queue.addTask({ taskType: 'ping', data: { n: 60_000 } });
  await opened;
  await eventually(async () => (await stateOf(slow)) === 'running');
  await dispatcher.stop(1_000);
  expect(await stateOf(quick)).toBe('done');
  expect(await test_.queue.findOne(slow)).toMatchObject({ state: 'queued', attempt: 0, attempts: [] });
  expect(await test_.database.db.collection('taskOwners').countDocuments()).toBe(0);
  await dispatcher.stop(1_000);
});

test('progress is shown while the task runs', async () => {
  const { open, opened } = gate();
  await test_.role({
    ping: async (_, { progress }) => {
      progress(0.5, 'half');
      await opened;
    },
  });
  const id = await test_.queue.addTask({ taskType: 'ping' });
  await eventually(async () => (await test_.queue.findOne(id))?.progress?.fraction === 0.5);
  open();
  await becomes(id, 'done');
});

test('a finished task is kept as long as its type says', async () => {
  await test_.role({ shortLived: ({ data: _ }) => 1, strict: () => Promise.reject(new Error('no')) });
  const id = await test_.queue.addTask({ taskType: 'shortLived' });
  const failed = await test_.queue.addTask({ taskType: 'strict', data: { rows: 1 } });
  await becomes(id, 'done');
  await becomes(failed, 'failed');
  const keptFor = async (one: string) => {
    const task = await test_.queue.findOne(one);
    return (task?.expiresAt?.getTime() ?? 0) - (task?.finishedAt?.getTime() ?? 0);
  };
  expect(await keptFor(id)).toBe(1_000);
  expect(await keptFor(failed)).toBe(30 * 24 * 3_600_000);
  const indexes = await test_.queue.core.store.collection.indexes();
  expect(indexes.find(({ name }) => name === 'retention')).toMatchObject({ expireAfterSeconds: 0 });
});

test('a result that the database cannot hold fails its task and holds up no other', async () => {
  const handlers = { flaky: ({ data }: Task) => ((data as { n: number }).n === 7 ? 'x'.repeat(17e6) : 'fine') };
  await test_.role(handlers, {}, { slots: 20 });
  const ids = await test_.queue.addTasks(
    Array.from({ length: 20 }, (_, n) => ({ taskType: 'flaky' as const, data: { n } })),
  );
  for (const [n, id] of ids.entries()) await becomes(id, n === 7 ? 'failed' : 'done');
  expect((await test_.queue.findOne(ids[7] as string))?.error?.message).toContain('cannot be stored');
});

test('meteor-cluster listeners: one for each event, a second one takes its place', async () => {
  const heard: unknown[] = [];
  test_.queue.addEventListener('done', () => heard.push('first'));
  test_.queue.addEventListener('done', ({ value, task }) => heard.push([value, task.taskType]));
  test_.queue.addEventListener('error', ({ value }) => heard.push((value as Error).message));
  await test_.role({ ping: () => 'fine', strict: () => Promise.reject(new Error('no')) });
  await becomes(await test_.queue.addTask({ taskType: 'ping' }), 'done');
  await becomes(await test_.queue.addTask({ taskType: 'strict', data: { rows: 1 } }), 'failed');
  await eventually(() => heard.length === 2);
  test_.queue.removeEventListener('done');
  await becomes(await test_.queue.addTask({ taskType: 'ping' }), 'done');
  expect(heard).toEqual([['fine', 'ping'], 'no']);
});

test('counts tell what waits, runs and has finished', async () => {
  const dispatcher = await test_.role({ ping: () => 1, strict: () => Promise.reject(new Error('no')) });
  await becomes(await test_.queue.addTask({ taskType: 'ping' }), 'done');
  await becomes(await test_.queue.addTask({ taskType: 'strict', data: { rows: 1 } }), 'failed');
  await test_.queue.addTask({ taskType: 'ping', dueDate: new Date(Date.now() + 60_000) });
  await dispatcher.stop();
  await test_.queue.addTask({ taskType: 'second' });
  const counts = await test_.queue.counts();
  expect(counts.total).toMatchObject({ scheduled: 1, queued: 1, running: 0, done: 1, failed: 1 });
  expect(counts.byType.second).toMatchObject({ queued: 1 });
  expect(counts.byType.second?.oldestQueued).toBeInstanceOf(Date);
  expect(counts.limited).toBe(false);
});

test('drainQueue runs what is queued in the test itself, and says what ended', async () => {
  const { drainQueue } = await import('../../infra/queue/drain-queue');
  const [ping, strict] = await test_.queue.addTasks([
    { taskType: 'ping', data: { n: 2 } },
    { taskType: 'strict', data: { rows: 1 } },
  ]);
  const later = await test_.queue.addTask({ taskType: 'ping', dueDate: new Date(Date.now() + 60_000) });
  const handlers = { ping: () => 'fine', strict: () => Promise.reject(new Error('no')) };
  const ended = await drainQueue(test_.queue, handlers);
  expect(ended.map(({ _id }) => _id).sort()).toEqual([ping, strict].sort());
  expect(await stateOf(later)).toBe('scheduled');
  expect((await drainQueue(test_.queue, handlers, { evenLater: true })).map(({ _id }) => _id)).toEqual([later]);
});
