import { deepStrictEqual } from 'node:assert';
import fc from 'fast-check';
import { defineTasks, normalForm } from '../../../infra/catalog';
import { TaskQueueOf } from '../../../infra/queue/api/task-queue';
import { Dispatcher } from '../../../infra/queue/dispatch/dispatcher';
import type { Task } from '../../../infra/queue/model/task';
import { InProcessExecutor } from '../../../infra/queue/testing/in-process-executor';
import { eventually } from '../../support/eventually';
import { oddValue, storableValue } from '../../support/odd-values';
import { propertySize } from '../../support/property-size';
import { TestQueue } from '../../support/queue';

const catalog = defineTasks({ free: { payload: { x: { type: Object, blackbox: true } } } });
const keys = ['a key of thirty-two characters ...'];

let opened: TestQueue;
let queue: TaskQueueOf<typeof catalog>;

beforeAll(async () => {
  opened = await TestQueue.open();
  queue = new TaskQueueOf(catalog);
  await queue.connect({ ...opened.connection, signingKeys: keys });
});
afterAll(() => opened.close());

test('whatever addTask takes comes back from MongoDB as its normal form, verifies, and runs', async () => {
  const added = new Map<string, unknown>();
  const property = fc.asyncProperty(fc.oneof(oddValue, storableValue), async value => {
    const data = { x: { value } };
    const { value: normal, problems } = normalForm(data, 'free.data');
    const id = await queue.addTask({ taskType: 'free', data }).catch((error: Error) => {
      expect(error.message).toContain('free.data');
      return undefined;
    });
    expect(id === undefined).toBe(problems.length > 0);
    if (id === undefined) return;
    const task = (await queue.core.store.collection.findOne({ _id: id })) as Task;
    deepStrictEqual(task.data, normal); // Jest's toStrictEqual takes a field `constructor` for the class
    expect(queue.core.signer.verify(task)).toBe(true);
    added.set(id, normal);
  });
  const members = ['valueOf', 'constructor', 'toString', 'isPrototypeOf'];
  const examples = members.map((name): [unknown] => [{ [name]: [{ a: 1 }] }]);
  await fc.assert(property, { numRuns: 150 * propertySize, examples });
  expect(added.size).toBeGreaterThan(40);

  const handlers = { free: ({ _id, data }: Task) => deepStrictEqual(data, added.get(_id)) };
  const dispatcher = new Dispatcher({ queue, executor: new InProcessExecutor({ handlers }) });
  await dispatcher.start();
  await eventually(async () => (await queue.find({ state: 'done' }).countAsync()) === added.size);
  await dispatcher.stop(0);
}, 60_000);

test('half an emoji is mended in a text, and refused in what names something', async () => {
  const half = 'Happy 🎉'.slice(0, 7);
  const id = await queue.addTask({ taskType: 'free', data: { x: { half } } });
  expect((await queue.findOne(id))?.data).toEqual({ x: { half: 'Happy �' } });
  await expect(queue.addTask({ taskType: 'free', data: { x: { [half]: 1 } } })).rejects.toThrow('free.data.x.');
  for (const name of ['_id', 'uniqueKey'])
    await expect(queue.addTask({ taskType: 'free', data: { x: {} }, [name]: half })).rejects.toThrow(`${name}: `);
});

test('what the caller changes after addTask changes nothing, in memory neither', async () => {
  const data = { x: { list: [1] } };
  const dueDate = new Date(Date.now() + 60_000);
  const adding = queue.addTask({ taskType: 'free', data, dueDate });
  data.x.list.push(2);
  dueDate.setTime(0);
  expect(await queue.findOne(await adding)).toMatchObject({ state: 'scheduled', data: { x: { list: [1] } } });
});

test('what is no task is refused as such', async () => {
  for (const none of [undefined, null, 5, 'free'])
    await expect(queue.addTask(none as never)).rejects.toThrow('is not a task');
  await expect(queue.addTasks({} as never)).rejects.toThrow('is not an array of tasks');
  await expect(queue.addTasks(new Array(2) as never)).rejects.toThrow('task 1: addTask: undefined is not a task');
});
