import { ObjectId } from 'mongodb';
import { FileStore } from '../../../infra/database';
import { TestQueue } from '../../support/queue';

let opened: TestQueue;
const queue = () => opened.queue;
const anything = (value: unknown) => value as never;

beforeEach(async () => {
  opened = await TestQueue.open();
  await queue().addTasks(['a', 'b', 'c'].map(_id => ({ taskType: 'ping', _id })));
});
afterEach(() => opened.close());

const left = () => queue().core.store.collection.countDocuments({ priority: 1 });

describe('a selector without a value', () => {
  test.each([undefined, null, { _id: undefined }, { _id: null }, { _id: undefined, taskType: 'ping' }, ''])(
    'matches nothing: %p',
    async selector => {
      expect(await queue().find(anything(selector)).countAsync()).toBe(0);
      expect(await queue().find(anything(selector)).fetchAsync()).toEqual([]);
      expect(await queue().findOne(anything(selector))).toBeUndefined();
      expect(await queue().update(anything(selector), { $set: { priority: 7 } }, { multi: true })).toBe(0);
      expect(await queue().remove(anything(selector))).toBe(0);
      expect(await left()).toBe(3);
    },
  );

  test.each([
    { taskType: undefined },
    { $or: [undefined] },
    { $or: [{ state: undefined }] },
    { _id: { $in: undefined } },
    { _id: { $in: [undefined] } },
    { taskType: () => 'ping' },
    { taskType: Symbol('ping') },
    { createdAt: { $gt: new Date(Number.NaN) } },
    5,
    [],
    [{ _id: 'a' }],
    new ObjectId(),
    new Date(),
    /a/,
    new Map(),
    Object.create({ _id: 'a' }),
    () => ({}),
  ])('inside, or none at all, is refused: %#', async selector => {
    expect(() => queue().find(anything(selector))).toThrow(/find/);
    await expect(queue().findOne(anything(selector))).rejects.toThrow(/findOne/);
    await expect(queue().update(anything(selector), { $set: { priority: 7 } })).rejects.toThrow(/update/);
    await expect(queue().remove(anything(selector))).rejects.toThrow(/remove/);
    expect(await left()).toBe(3);
  });

  test('is not what a call without any means', async () => {
    expect(await queue().find().countAsync()).toBe(3);
    expect(await queue().findOne()).toMatchObject({ taskType: 'ping' });
    expect(
      await queue()
        .find({ $or: [{ _id: 'a' }, { createdAt: { $gt: new Date(0) } }] })
        .countAsync(),
    ).toBe(3);
  });
});

test('what is no id is refused by whatever takes one', async () => {
  for (const id of [undefined, null, 5, {}, { $gt: '' }, new ObjectId(), ['a']]) {
    for (const name of ['cancel', 'retry', 'replay'] as const)
      await expect(queue()[name](anything(id))).rejects.toThrow(`${name}: `);
    expect(queue().inMemory.findById(anything(id))).toBeUndefined();
    expect(await queue().inMemory.removeById(anything(id))).toBe(false);
  }
  expect(await queue().cancel('none')).toBeUndefined();
  expect(await queue().find({ state: 'queued' }).countAsync()).toBe(3);
});

test('a file without an id is none, and removing it removes nothing', async () => {
  const files = new FileStore(opened.database.db);
  const { Readable } = await import('node:stream');
  const { id } = await files.put(Readable.from(['x']), { name: 'x', type: 'text/plain', owner: 'me', kind: 'x' });
  for (const none of [undefined, null, 5, {}, { $gt: '' }]) {
    await expect(files.remove(anything(none))).rejects.toThrow('that is no id');
    await expect(files.open(anything(none))).rejects.toThrow('there is none of this id');
    expect(await files.info(anything(none))).toBeUndefined();
  }
  expect(await files.open(id)).toBeDefined();
});

test('options of find are known ones, and count as well', async () => {
  expect(await queue().find({}, { skip: 1, limit: 1 }).countAsync()).toBe(1);
  const last = await queue().findOne({}, { sort: { _id: -1 }, projection: { _id: 1 } });
  expect(last).toEqual({ _id: 'c' });
  expect(() => queue().find({}, anything({ limt: 1 }))).toThrow('find: unknown option limt, did you mean limit?');
  expect(() => queue().find({}, anything({ fields: { _id: 1 } }))).toThrow('did you mean projection?');
  expect(() => queue().find({}, anything({ limit: '5' }))).toThrow('find: "5" is no value of limit');
  await expect(queue().findOne({}, anything({ limit: 1 }))).rejects.toThrow('findOne: unknown option limit');
});

test.each<[object | undefined, string]>([
  [{ $unset: { dueDate: '' } }, '$unset does not take dueDate; it takes deadline'],
  [{ $rename: { dueDate: 'was' } }, '$rename is not taken here; use $set, $unset, $inc'],
  [{ $max: { dueDate: new Date() } }, '$max is not taken here'],
  [{ $inc: { priority: 0.5 } }, 'priority: 0.5 is not an integer'],
  [{ $inc: { dueDate: 5 } }, '$inc does not take dueDate'],
  [{ $set: { priority: 1.5 } }, 'priority: 1.5 is not an integer'],
  [{ $set: { priority: undefined } }, 'priority: undefined is not an integer'],
  [{ $set: { prioritty: 5 } }, '$set does not take prioritty, did you mean priority?'],
  [{ $set: { catalogVersion: 99 } }, "catalogVersion is the queue's own"],
  [{ $set: { 'data.n': 5 } }, "data is the queue's own"],
  [{ $set: { 'dueDate.x': 5 } }, '$set does not take dueDate.x'],
  [{ $set: {} }, '$set: {} has no fields to change'],
  [{}, 'the modifier is empty'],
  [{ priority: 5 }, 'give operators ($set, $unset), not a document'],
  [[{ $set: { priority: 5 } }] as object, 'is no modifier'],
  [undefined, 'is no modifier'],
])('update refuses what has no effect, or would leave a task that cannot run: %j', async (modifier, problem) => {
  await expect(queue().update({}, anything(modifier), { multi: true })).rejects.toThrow(problem);
  expect(await left()).toBe(3);
});

test('update knows its options', async () => {
  const change = { $set: { priority: 7 } };
  await expect(queue().update({}, change, anything({ mullti: true }))).rejects.toThrow('did you mean multi?');
  await expect(queue().update({}, change, { multi: anything('yes') })).rejects.toThrow('"yes" is not true or false');
  expect(await left()).toBe(3);
});

test('only a type of the catalog can be paused, and what is paused can be resumed', async () => {
  await expect(queue().pause('pnig')).rejects.toThrow('unknown task type "pnig", did you mean ping?');
  for (const none of [undefined, null, '', 5, {}])
    for (const name of ['pause', 'resume'] as const)
      await expect(queue()[name](anything(none))).rejects.toThrow('taskType: ');
  expect(await queue().core.pauses.read()).toMatchObject({ all: false, types: new Set() });
  await queue().pause('ping');
  await queue().core.pauses.pause('gone');
  for (const type of ['ping', 'gone']) await queue().resume(type);
  expect((await queue().core.pauses.read()).types.size).toBe(0);
});

test('a type without fields takes no data', async () => {
  await queue().addTask({ taskType: 'patient' });
  await queue().addTask({ taskType: 'patient', data: {} });
  // @ts-expect-error there is no field of that name
  await expect(queue().addTask({ taskType: 'patient', data: { n: 1 } })).rejects.toThrow('unknown field');
});
