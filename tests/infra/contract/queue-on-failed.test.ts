import { defineTasks, failedTask } from '../../../infra/catalog';
import type { Emit } from '../../../infra/monitor/events';
import { TaskQueueOf } from '../../../infra/queue/api/task-queue';
import { Dispatcher } from '../../../infra/queue/dispatch/dispatcher';
import { InProcessExecutor } from '../../../infra/queue/testing/in-process-executor';
import { FatalError } from '../../../infra/workers/handler';
import { eventually } from '../../support/eventually';
import { TestQueue } from '../../support/queue';
import { catalogForTests } from '../../support/test-catalog';

let opened: TestQueue;
const queue = () => opened.queue;
beforeEach(async () => {
  opened = await TestQueue.open({ signingKeys: ['a key of the tests'] });
});
afterEach(() => opened.close());

const fails = () => {
  throw new FatalError('no such order');
};
const followers = () =>
  queue()
    .find({ taskType: 'mailOwner' }, { sort: { createdAt: 1 } })
    .fetchAsync();
const untold = () => queue().core.store.collection.countDocuments({ failureTold: false, state: 'failed' });
const following = (count: number) =>
  eventually(async () => (await followers()).length === count && (await untold()) === 0);

test('what failed for good is followed by a task that knows of it, by its type or by its own wish', async () => {
  await opened.role({ guarded: fails, ping: fails, mailOwner: () => 'mailed' });
  const byType = await queue().addTask({ taskType: 'guarded', data: { order: 'A-7' } });
  const byTask = await queue().addTask({ taskType: 'ping', data: { n: 3 }, onFailed: 'mailOwner' });
  await queue().addTask({ taskType: 'ping' });
  await following(2);
  const data = (await followers()).map(task => task.data as { taskId: string });
  expect(data.find(({ taskId }) => taskId === byType)).toEqual({
    taskId: byType,
    taskType: 'guarded',
    data: { order: 'A-7' },
    error: { name: 'FatalError', message: 'no such order' },
  });
  expect(data.find(({ taskId }) => taskId === byTask)).toMatchObject({ taskType: 'ping', data: { n: 3 } });
  await eventually(async () => (await followers()).every(({ state }) => state === 'done'));
});

test('it comes once for each failure, whichever role sees it, and again when a retry fails again', async () => {
  const elsewhere = await opened.elsewhere();
  await elsewhere.role({ guarded: fails });
  await opened.role({ guarded: fails });
  const ids = await queue().addTasks(
    Array.from({ length: 20 }, (_, n) => ({ taskType: 'guarded', data: { order: `${n}` } }) as const),
  );
  await following(20);
  await queue().retry(ids[0]!);
  await following(21);
  expect(new Set((await followers()).map(({ _id }) => _id)).size).toBe(21);
});

test.each([true, false])(
  'a role that died before it had told (follower added: %s) leaves that to the next',
  async added => {
    const dead = await opened.role({ guarded: fails });
    const id = await queue().addTask({ taskType: 'guarded', data: { order: 'A-7' } });
    await following(1);
    await dead.stop(0);
    const { collection } = queue().core.store;
    await collection.updateOne({ _id: id }, { $set: { failureTold: false } });
    if (!added) await queue().remove({ taskType: 'mailOwner' });
    await opened.role({});
    await following(1);
  },
);

test('a role that does not know the type that is to follow leaves that to one that does, and says so once', async () => {
  const { mailOwner: _, guarded: __, ...types } = catalogForTests;
  const unknown: object[] = [];
  const old = new TaskQueueOf(types);
  const emit: Emit = (name, fields) => name === 'queue.unknownFollower' && unknown.push(fields);
  await old.connect({ ...opened.connection, emit });
  const executor = new InProcessExecutor({ handlers: { ping: fails, second: fails }, slots: 10, rates: old.rates });
  const role = new Dispatcher({ queue: old, executor, settings: { refreshRate: 100 } });
  await role.start();
  const ids = await queue().addTasks(
    (['ping', 'second'] as const).map(taskType => ({ taskType, onFailed: 'mailOwner' as const })),
  );
  try {
    for (const id of ids) await opened.becomes(id, 'failed');
    await eventually(async () => unknown.length > 0 || (await untold()) === 0);
  } finally {
    await role.stop(0);
  }
  expect([await untold(), unknown]).toEqual([2, [{ taskType: 'mailOwner' }]]);
  await opened.role({});
  await following(2);
});

test('one that failed with the task that it came after is followed as well', async () => {
  await opened.role({ ping: fails });
  const first = await queue().addTask({ taskType: 'ping' });
  await queue().addTask({ taskType: 'guarded', data: { order: 'B' }, after: [first] });
  await eventually(async () => (await untold()) === 1);
  await opened.role({});
  await following(1);
});

test('nobody without the key can have a task follow', async () => {
  const { collection } = queue().core.store;
  const role = await opened.role({ ping: fails });
  const forged = await queue().addTask({ taskType: 'ping', dueDate: new Date(Date.now() + 3_600_000) });
  await collection.updateOne({ _id: forged }, { $set: { onFailed: 'mailOwner', failureTold: false, state: 'queued' } });
  role.wake();
  await opened.becomes(forged, 'rejected');
  await collection.updateOne({ _id: forged }, { $set: { state: 'failed' } });
  await role.stop(0);
  await opened.role({});
  await eventually(() => opened.named('task.failureNotTold').length > 0);
  expect(opened.named('task.failureNotTold')[0]?.fields.why).toBe('its signature does not verify');
  await following(0);
});

test('what cannot follow is refused when it is said', async () => {
  const add = (task: object) => queue().addTask(task as never);
  await expect(add({ taskType: 'ping', onFailed: 'mailOwnr' })).rejects.toThrow('did you mean mailOwner?');
  await expect(add({ taskType: 'ping', onFailed: 'strict' })).rejects.toThrow('does not take a failed task');
  await expect(add({ taskType: 'ping', onFailed: 'ping' })).rejects.toThrow('its own type');
  await opened.role({ ping: fails });
  await expect(add({ taskType: 'ping', onFailed: 'mailOwner', inMemory: true })).rejects.toThrow('leave inMemory out');

  const define = (types: object) => () => defineTasks(types as never);
  const mail = { payload: failedTask };
  expect(define({ a: { payload: {}, onFailed: 'mial' }, mail })).toThrow(
    'a.onFailed: "mial": the catalog has no such task type, did you mean mail?',
  );
  expect(define({ a: { payload: {}, onFailed: 'b' }, b: { payload: {} } })).toThrow('write payload: failedTask');
  expect(define({ mail: { ...mail, onFailed: 'note' }, note: { ...mail, onFailed: 'mail' } })).toThrow(
    'a circle: mail → note → mail',
  );
});
