import { DuplicateTaskError, DuplicateTasksError, type InvalidTaskError } from '../../../infra/queue/model/errors';
import { eventually } from '../../support/eventually';
import { TestQueue } from '../../support/queue';

let opened: TestQueue;
const queue = () => opened.queue;

beforeEach(async () => {
  opened = await TestQueue.open();
});
afterEach(() => opened.close());

const add = (task: unknown) => queue().addTask(task as never);

test('a wrong name or payload is refused at compile time and at run time', async () => {
  // @ts-expect-error no such type
  await expect(queue().addTask({ taskType: 'pnig' })).rejects.toThrow('unknown task type "pnig", did you mean ping?');
  // @ts-expect-error rows is missing
  await expect(queue().addTask({ taskType: 'strict', data: {} })).rejects.toThrow('strict.data.rows: is missing');
  // @ts-expect-error data is missing
  await expect(queue().addTask({ taskType: 'strict' })).rejects.toThrow('strict.data.rows: is missing');
  await expect(add({ taskType: 'strict', data: { rows: 1, colour: 'red' } })).rejects.toThrow('unknown field');
  expect(await queue().find().countAsync()).toBe(0);
});

test('every option of addTask is checked, all problems at once', async () => {
  const wrong = {
    taskType: 'ping',
    data: { n: 'x' },
    priority: 1.5,
    front: 'yes',
    _id: '',
    dueDate: new Date('never'),
    deadline: 5,
    uniqueKey: 3,
    session: {},
    prioritty: 1,
  };
  const error: Error = await add(wrong).catch(thrown => thrown);
  for (const problem of [
    'ping.data.n: "x" (string) is not of type Number',
    'priority: 1.5 is not an integer',
    'front: "yes" is not true or false',
    '_id: "" is not a text',
    'dueDate: Invalid Date is not a valid Date',
    'deadline: 5 is not a valid Date',
    'uniqueKey: 3 is not a text',
    'session: {} is not a session',
    'prioritty: unknown option of addTask, did you mean priority?',
  ])
    expect(error.message).toContain(problem);
  await expect(add({ taskType: 'ping', once: true })).rejects.toThrow('once: needs an _id');
});

test('the id comes back, given or made, and says who asked', async () => {
  expect(await queue().addTask({ taskType: 'ping', _id: 'mine' })).toBe('mine');
  const id = await queue().addTask({ taskType: 'ping' });
  expect(await queue().findOne(id)).toMatchObject({ _id: id, sender: { rootUrl: 'http://localhost' }, priority: 1 });
});

test('a duplicate id or unique key is refused by name', async () => {
  await queue().addTask({ taskType: 'ping', _id: 'a', uniqueKey: 'k' });
  const byId: DuplicateTaskError = await queue()
    .addTask({ taskType: 'ping', _id: 'a' })
    .catch(thrown => thrown);
  expect(byId).toBeInstanceOf(DuplicateTaskError);
  expect(byId).toMatchObject({ field: '_id', value: 'a' });
  const byKey = queue().addTask({ taskType: 'ping', uniqueKey: 'k' });
  await expect(byKey).rejects.toMatchObject({ field: 'uniqueKey', value: 'k', existingId: 'a' });
});

test.each(['slot_taken', 'recurringKey_waiting', 'index: unique_held dup key', 'uniqueKey_live'])(
  'a duplicate whose name is that of an index (%s) is refused by its own',
  async name => {
    await queue().addTask({ taskType: 'ping', _id: name, uniqueKey: name });
    const byId = queue().addTask({ taskType: 'ping', _id: name });
    await expect(byId).rejects.toMatchObject({ field: '_id', value: name });
    const byKey = queue().addTask({ taskType: 'ping', uniqueKey: name });
    await expect(byKey).rejects.toMatchObject({ field: 'uniqueKey', value: name, existingId: name });
  },
);

test('once: the id comes back and nothing is added, also while ten roles try', async () => {
  const ids = await Promise.all(
    Array.from({ length: 10 }, (_, n) => queue().addTask({ taskType: 'ping', _id: 'x', once: true, data: { n } })),
  );
  expect(new Set(ids)).toEqual(new Set(['x']));
  expect(await queue().find().countAsync()).toBe(1);
});

test('many are added in one round trip, and one that is refused stops no other', async () => {
  await queue().addTask({ taskType: 'ping', _id: 'taken' });
  const ids = await queue().addTasks(Array.from({ length: 50 }, (_, n) => ({ taskType: 'ping', data: { n } })));
  expect(
    (
      await queue()
        .find({}, { sort: { _id: 1 } })
        .fetchAsync()
    ).filter(({ _id }) => ids.includes(_id)),
  ).toHaveLength(50);
  const error: DuplicateTasksError = await queue()
    .addTasks([
      { taskType: 'ping', _id: 'b' },
      { taskType: 'ping', _id: 'taken' },
    ])
    .catch(thrown => thrown);
  expect(error).toBeInstanceOf(DuplicateTasksError);
  expect(error.added).toEqual(['b']);
  expect(error.errors).toHaveLength(1);
});

test('of many, nothing is added where one is wrong', async () => {
  const tasks = [{ taskType: 'ping' }, { taskType: 'strict', data: { rows: 0 } }, { taskType: 'nope' }];
  const error: Error = await queue()
    .addTasks(tasks as never)
    .catch(thrown => thrown);
  expect(error.message).toContain('task 1: strict.data.rows: 0 is below 1');
  expect(error.message).toContain('task 2: taskType: unknown task type "nope"');
  expect(await queue().find().countAsync()).toBe(0);
});

test('of thousands that are wrong the message names the first, and says how many there are', async () => {
  const wrong = Array.from({ length: 1_200 }, () => ({ taskType: 'ping', data: { n: 'x' } }));
  const error: InvalidTaskError = await queue()
    .addTasks(wrong as never)
    .catch(thrown => thrown);
  expect(error.problems).toHaveLength(1_200);
  const lines = error.message.split('\n');
  expect([lines.length, lines.at(0), lines.at(-1)]).toEqual([22, '1200 problems:', '  and 1180 more']);
});

test("with a session the task is added in the caller's transaction", async () => {
  const { client, db } = opened.database;
  const session = client.startSession();
  await db.createCollection('orders');
  const order = async (fail: boolean) =>
    session.withTransaction(async () => {
      await db.collection('orders').insertOne({ fail }, { session });
      await queue().addTask({ taskType: 'ping', _id: 'in', uniqueKey: 'k', session });
      if (fail) throw new Error('changed my mind');
    });
  await expect(order(true)).rejects.toThrow('changed my mind');
  expect(await queue().findOne('in')).toBeUndefined();
  await order(false);
  expect(await queue().findOne('in')).toMatchObject({ state: 'queued' });
  await expect(order(false)).rejects.toThrow('_id: "in" is taken');
  await session.withTransaction(() => queue().addTask({ taskType: 'ping', _id: 'in', once: true, session }));
  expect(await db.collection('orders').countDocuments()).toBe(1);
  await session.endSession();
});

test("a session of another client (Meteor's bundled driver) is joined through that client", async () => {
  const { MongoClient } = await import('mongodb');
  const bundled = await new MongoClient(opened.database.url).connect();
  const session = bundled.startSession();
  const aborted = session.withTransaction(async () => {
    await queue().addTask({ taskType: 'ping', _id: 'in', session });
    throw new Error('changed my mind');
  });
  await expect(aborted).rejects.toThrow('changed my mind');
  expect(await queue().findOne('in')).toBeUndefined();
  await session.withTransaction(() => queue().addTasks([{ taskType: 'ping', _id: 'in', session }]));
  expect(await queue().findOne('in')).toMatchObject({ state: 'queued' });
  await session.endSession();
  await bundled.close();
});

test('a payload that no document can hold is refused with what to do', async () => {
  const { TaskQueueOf } = await import('../../../infra/queue/api/task-queue');
  const { defineTasks } = await import('../../../infra/catalog');
  const large = new TaskQueueOf(defineTasks({ large: { payload: { text: String } } }));
  await large.connect(opened.connection);
  const added = large.addTask({ taskType: 'large', data: { text: 'x'.repeat(17e6) } });
  await expect(added).rejects.toThrow('large.data: more than 12,582,912 bytes; put what is large into a file');
});

test('a task of a transaction runs when it is committed, not before', async () => {
  await opened.role({ ping: () => 1 }, { refreshRate: 60_000 });
  const session = opened.database.client.startSession();
  await session.withTransaction(async () => {
    await queue().addTask({ taskType: 'ping', _id: 'later', session });
  });
  await eventually(async () => (await queue().findOne('later'))?.state === 'done');
  await session.endSession();
});

test('find, findOne, remove and update are there in async form', async () => {
  await queue().addTasks([
    { taskType: 'ping', _id: 'a', data: { n: 1 } },
    { taskType: 'ping', _id: 'b', data: { n: 2 } },
  ]);
  expect(
    await queue()
      .find({ 'data.n': 2 })
      .mapAsync(({ _id }) => _id),
  ).toEqual(['b']);
  expect(await queue().find().countAsync()).toBe(2);
  expect(await queue().update('a', { $set: { priority: 7 } })).toBe(1);
  expect((await queue().findOne({ priority: 7 }))?._id).toBe('a');
  await expect(queue().update('a', { $set: { state: 'done' } as never })).rejects.toThrow("state is the queue's own");
  expect(await queue().remove({ taskType: 'ping' })).toBe(2);
});

test('cancel, retry and replay work from what is kept', async () => {
  const role = await opened.role({ strict: () => Promise.reject(new Error('no')) });
  const id = await queue().addTask({ taskType: 'strict', data: { rows: 3 } });
  await eventually(async () => (await queue().findOne(id))?.state === 'failed');
  await role.stop();
  expect(await queue().retry(id)).toBe(true);
  expect(await queue().findOne(id)).toMatchObject({ state: 'queued', attempt: 0 });
  expect(await queue().retry(id)).toBe(false);
  expect(await queue().cancel(id)).toBe('cancelled');
  expect(await queue().cancel(id)).toBeUndefined();
  const again = await queue().replay(id);
  expect(again).not.toBe(id);
  expect(await queue().findOne(again)).toMatchObject({ state: 'queued', data: { rows: 3 }, origin: id, attempts: [] });
  const mended = await queue().replay(id, { data: { rows: 4 } });
  expect(await queue().findOne(mended)).toMatchObject({ state: 'queued', data: { rows: 4 }, origin: id });
  await expect(queue().replay(id, { data: { rows: 0 } })).rejects.toThrow('rows');
  await expect(queue().replay(again)).rejects.toThrow('only what has finished can be played again');
  await expect(queue().replay('none')).rejects.toThrow('there is no task "none"');
});

test('a call before the queue is connected says so', async () => {
  const { TaskQueueOf } = await import('../../../infra/queue/api/task-queue');
  await expect(new TaskQueueOf({}).addTask({} as never)).rejects.toThrow('TaskQueue is not connected yet');
});
