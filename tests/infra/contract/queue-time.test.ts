import { eventually } from '../../support/eventually';
import { hang, TestQueue } from '../../support/queue';

let here: TestQueue;

beforeEach(async () => {
  here = await TestQueue.open();
});
afterEach(() => here.close());

test('a scheduled task starts when it is due, also where another process displaced the next event', async () => {
  const started: string[] = [];
  await here.role({ ping: task => started.push(task._id) }, { refreshRate: 60_000 });
  const due: string[] = [];
  here.queue.on('due', ({ task }) => due.push(task._id));
  await here.queue.addTask({ _id: 'far', taskType: 'ping', dueDate: new Date(Date.now() + 600_000) });
  const elsewhere = await here.elsewhere();
  const dueDate = new Date(Date.now() + 400);
  await elsewhere.queue.addTask({ _id: 'near', taskType: 'ping', dueDate });
  await here.becomes('near', 'done');
  expect((await here.queue.findOne('near'))?.attempts[0]?.startedAt.getTime()).toBeGreaterThanOrEqual(+dueDate - 1);
  expect(started).toEqual(['near']);
  expect(due).toEqual(['near']);
});

test('a time-out counts as a failed attempt', async () => {
  await here.role({ strict: hang }, {}, { timeoutOf: () => 50 });
  const id = await here.queue.addTask({ taskType: 'strict', data: { rows: 1 } });
  await here.becomes(id, 'failed');
  expect((await here.queue.findOne(id))?.attempts[0]).toMatchObject({ outcome: 'timedOut' });
});

test('a task whose deadline comes close is bumped to high, and a missed deadline is recorded', async () => {
  await here.queue.pause('urgent');
  await here.role({ urgent: () => 1 });
  const heard: unknown[] = [];
  here.queue.on('deadline', ({ task, value }) => heard.push(`${task._id} ${value}`));
  // Its type's margin is 20 seconds.
  await here.queue.addTask({ _id: 'close', taskType: 'urgent', deadline: new Date(Date.now() + 20_400) });
  await here.queue.addTask({ _id: 'far', taskType: 'urgent', deadline: new Date(Date.now() + 3_600_000) });
  await eventually(async () => (await here.queue.findOne('close'))?.priority === 10);
  expect((await here.queue.findOne('close'))?.deadlineMissed).toBeUndefined();
  expect(await here.queue.findOne('far')).toMatchObject({ priority: 1, deadlineWatch: 'bump' });
  await here.queue.update('close', { $set: { deadline: new Date() } });
  await eventually(async () => (await here.queue.findOne('close'))?.deadlineMissed === true);
  await eventually(() => heard.includes('close missed'));
  expect(heard[0]).toBe('close near');
  await here.queue.resume();
  await here.becomes('close', 'done');
});

test('a finished task is kept as long as its type says', async () => {
  await here.role({ shortLived: ({ data: _ }) => 1, strict: () => Promise.reject(new Error('no')) });
  const id = await here.queue.addTask({ taskType: 'shortLived' });
  const failed = await here.queue.addTask({ taskType: 'strict', data: { rows: 1 } });
  await here.becomes(id, 'done');
  await here.becomes(failed, 'failed');
  const keptFor = async (one: string) => {
    const task = await here.queue.findOne(one);
    return (task?.expiresAt?.getTime() ?? 0) - (task?.finishedAt?.getTime() ?? 0);
  };
  expect(await keptFor(id)).toBe(1_000);
  expect(await keptFor(failed)).toBe(30 * 24 * 3_600_000);
  const indexes = await here.queue.core.store.collection.indexes();
  expect(indexes.find(({ name }) => name === 'retention')).toMatchObject({ expireAfterSeconds: 0 });
});

test('a due date that another process moves is obeyed, earlier or later', async () => {
  await here.queue.pause();
  await here.role({ ping: () => 1 }, { refreshRate: 60_000 });
  const inAnHour = new Date(Date.now() + 3_600_000);
  const elsewhere = await here.elsewhere();
  const earlier = await elsewhere.queue.addTask({ taskType: 'ping', dueDate: inAnHour });
  const later = await elsewhere.queue.addTask({ taskType: 'ping' });
  expect(await elsewhere.queue.update(later, { $set: { dueDate: inAnHour } })).toBe(1);
  expect(await elsewhere.queue.update(earlier, { $set: { dueDate: new Date() } })).toBe(1);
  await elsewhere.queue.resume();
  await here.becomes(earlier, 'done');
  expect(await here.stateOf(later)).toBe('scheduled');
});

test('many due dates are moved at once, those that are due among them', async () => {
  const dueDate = new Date(Date.now() + 3_600_000);
  await here.queue.addTasks([{ taskType: 'ping' }, { taskType: 'ping', dueDate }, { taskType: 'second' }]);
  const change = { $set: { dueDate }, $inc: { priority: 1 } };
  expect(await here.queue.update({ taskType: 'ping' }, change, { multi: true })).toBe(2);
  expect(await here.queue.find({ state: 'scheduled', dueDate, priority: 2 }).countAsync()).toBe(2);
  await expect(here.queue.update({}, { $set: { dueDate: 'soon' as never } })).rejects.toThrow(
    'dueDate: "soon" is not a valid Date',
  );
});

test('a deadline is watched that another process adds, or sets afterwards, and again after a retry', async () => {
  await here.queue.pause();
  await here.role({ urgent: () => 1 }, { refreshRate: 60_000 });
  const elsewhere = await here.elsewhere();
  const isMissed = (id: string) => eventually(async () => (await here.queue.findOne(id))?.deadlineMissed);
  const soon = () => new Date(Date.now() + 100);
  await isMissed(await elsewhere.queue.addTask({ taskType: 'urgent', deadline: soon() }));
  const id = await elsewhere.queue.addTask({ taskType: 'urgent' });
  await elsewhere.queue.update(id, { $set: { deadline: soon() } });
  await isMissed(id);
  await elsewhere.queue.update(id, { $unset: { deadline: '' } });
  await elsewhere.queue.update(id, { $set: { deadline: new Date(Date.now() + 3_600_000) } });
  await elsewhere.queue.cancel(id);
  expect(await here.queue.findOne(id)).not.toHaveProperty('deadlineWatch');
  await elsewhere.queue.retry(id);
  expect(await here.queue.findOne(id)).toMatchObject({ state: 'queued', deadlineWatch: 'bump' });
});
