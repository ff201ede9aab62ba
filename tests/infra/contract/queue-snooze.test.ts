import { Snooze } from '../../../infra/workers/handler';
import { eventually } from '../../support/eventually';
import { TestQueue } from '../../support/queue';

let opened: TestQueue;
beforeEach(async () => {
  opened = await TestQueue.open();
});
afterEach(() => opened.close());

const snoozes = (times: number, until: number | (() => Date) = 20) => {
  let calls = 0;
  return () => {
    calls += 1;
    if (calls <= times) throw new Snooze(typeof until === 'number' ? until : until(), `try ${calls}`);
    return calls;
  };
};

test.each([false, true])(
  'a task that is put off comes back, with attempts and priority as they were (in memory: %s)',
  async inMemory => {
    await opened.role({ flaky: snoozes(2, () => new Date(Date.now() + 20)) });
    const ended = new Promise<{ task: { attempt: number; priority: number; snoozes?: number; attempts: object[] } }>(
      resolve => opened.queue.on('done', resolve as never),
    );
    const id = await opened.queue.addTask({ taskType: 'flaky', inMemory });
    const { task } = await ended;
    expect(task).toMatchObject({ _id: id, attempt: 1, priority: 5, snoozes: 2, result: 3 });
    expect(task.attempts).toMatchObject([
      { outcome: 'snoozed', why: 'try 1' },
      { outcome: 'snoozed', why: 'try 2' },
    ]);
    const [first] = opened.named('task.snoozed');
    expect(first?.fields).toMatchObject({ taskType: 'flaky', taskId: id, snoozes: 1, why: 'try 1' });
    expect(opened.named('task.retry')).toEqual([]);
  },
);

test('one that is put off for ever fails after maxSnoozes, and a retry by hand begins anew', async () => {
  await opened.role({ sleepy: snoozes(5, 0) });
  const id = await opened.queue.addTask({ taskType: 'sleepy' });
  await opened.becomes(id, 'failed');
  expect(await opened.queue.findOne(id)).toMatchObject({ snoozes: 3, error: { name: 'SnoozedTooOften' } });
  await opened.queue.retry(id);
  await opened.becomes(id, 'done');
  expect(await opened.queue.findOne(id)).toMatchObject({ snoozes: 1, result: 6 });
});

test('one that waits is cancelled at once, and one that is put off later than another runs later', async () => {
  const order: string[] = [];
  await opened.role({
    ping: ({ _id, snoozes: before = 0 }) => {
      if (before === 0) throw new Snooze(_id === 'late' ? 600 : _id === 'never' ? 60_000 : 100, 'wait');
      order.push(_id);
    },
  });
  await opened.queue.addTasks(['late', 'soon', 'never'].map(_id => ({ taskType: 'ping', _id }) as const));
  await eventually(async () => (await opened.queue.findOne('never'))?.snoozes === 1);
  expect(await opened.queue.cancel('never')).toBe('cancelled');
  await opened.becomes('late', 'done');
  expect(order).toEqual(['soon', 'late']);
});
