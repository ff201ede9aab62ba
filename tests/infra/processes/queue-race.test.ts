import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { DispatcherSettings } from '../../../infra/queue/dispatch/dispatcher';
import { groupBy } from '../../../infra/queue/model/group-by';
import { BuiltProgram } from '../../support/built-program';
import { eventually } from '../../support/eventually';
import type { RecordedCall, RecordedRun, RecordedTurn } from '../../support/programs/queue-role';
import { TestQueue } from '../../support/queue';
import { aTask } from '../../support/tasks';

let program: BuiltProgram;
let opened: TestQueue;

beforeAll(async () => {
  program = await BuiltProgram.build('queue-role');
});
afterAll(() => program.remove());
beforeEach(async () => {
  opened = await TestQueue.open();
});
afterEach(async () => {
  program.killAll();
  await opened.close();
});

/** Starts a jobs role as a process of its own. */
async function startRole(settings: DispatcherSettings = {}): Promise<ChildProcess> {
  const role = program.start({ MONGO_URL: opened.database.url, QUEUE_SETTINGS: JSON.stringify(settings) });
  await once(role, 'message');
  return role;
}

async function end(role: ChildProcess): Promise<void> {
  const ended = once(role, 'exit');
  role.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
}

/**
 * On a busy machine a heartbeat may come a second late, and who is taken for dead three times fails its tasks. A claim that
 * the killed one had on its way may be written after the others have found it dead: its lease ends that one.
 */
const unhurried = { heartbeatMs: 2_500, leaseMs: 15_000 };

const collection = () => opened.queue.core.store.collection;

test('2,000 tasks and four roles: each runs, and none runs twice at once', async () => {
  const total = 2_000;
  const four = await Promise.all([1, 2, 3, 4].map(() => startRole({ batch: 50 })));
  for (let from = 0; from < total; from += 500)
    await opened.queue.addTasks(Array.from({ length: 500 }, (_, n) => ({ taskType: 'ping', data: { n: n % 4 } })));
  await eventually(async () => (await collection().countDocuments({ state: 'done' })) === total, {
    timeoutMs: 100_000,
    everyMs: 200,
  });
  await Promise.all(four.map(end));
  const runs = await opened.database.db.collection<RecordedRun>('runs').find().toArray();
  expect(new Set(runs.map(({ taskId }) => taskId)).size).toBe(total);
  // Nobody died, so nothing ran a second time at all.
  expect(runs).toHaveLength(total);
  expect(await collection().countDocuments({ attempts: { $size: 1 } })).toBe(total);
  expect(new Set(runs.map(({ pid }) => pid)).size).toBe(4);
}, 120_000);

test('kill -9 of a role in mid-task: another one has the task before its lease has run out', async () => {
  // The lease outlasts this test: that it ran out can't be why the other one has the task.
  const settings = { heartbeatMs: 1_000, leaseMs: 600_000 };
  const victim = await startRole(settings);
  const id = await opened.queue.addTask({ taskType: 'ping', data: { n: 60_000 } });
  const begun = opened.database.db.collection('begun');
  await eventually(() => begun.findOne({ taskId: id, pid: victim.pid }));
  const other = await startRole(settings);
  victim.kill('SIGKILL');
  await eventually(() => begun.findOne({ taskId: id, pid: other.pid }));
  const task = await opened.queue.findOne(id);
  expect(task?.attempts.map(({ outcome }) => outcome)).toEqual(['rescued']);
}, 60_000);

test('a rate by key holds in every span, over three roles of which one is killed, and all tasks run', async () => {
  const [victim] = await Promise.all([1, 2, 3].map(() => startRole(unhurried)));
  const customers = [...'aaaaaaaaaaaaaaaaaaaabbbbbbbbbbccccc'];
  const ids = await opened.queue.addTasks(
    customers.map(customer => ({ taskType: 'calls', data: { customer } }) as const),
  );
  const calls = opened.database.db.collection<RecordedCall>('calls');
  await eventually(() => calls.findOne({ pid: victim!.pid! }));
  victim!.kill('SIGKILL');
  // What the victim was granted and had not begun counts for a minute.
  const isDone = async () => (await collection().countDocuments({ state: 'done' })) === ids.length;
  await eventually(isDone, { timeoutMs: 100_000, everyMs: 50 });
  const made = await calls.find().sort({ at: 1 }).toArray();
  for (const customer of 'abc') {
    const times = made.flatMap(one => (one.customer === customer ? [one.at] : []));
    for (const [index, at] of times.slice(2).entries()) expect(at - times[index]!).toBeGreaterThanOrEqual(400 - 1);
  }
}, 120_000);

test('eight roles of which two are killed: one at a time of each key, in the order of `after`, and one end of the batch', async () => {
  const roles = await Promise.all(Array.from({ length: 8 }, () => startRole(unhurried)));
  const turn = (customer: string) => ({ taskType: 'turns', data: { customer } }) as const;
  const members = Array.from({ length: 160 }, (_, n) => ({ ...turn(`customer-${n % 8}`), _id: `member-${n}` }));
  const { id } = await opened.queue.addBatch({ name: 'race', tasks: members, then: turn('then') });
  const diamonds = Array.from({ length: 20 }, (_, n) => [
    { ...turn(`a${n}`), _id: `a${n}` },
    ...['b', 'c'].map(name => ({ ...turn(name + n), _id: name + n, after: [`a${n}`] })),
    { ...turn(`d${n}`), _id: `d${n}`, after: [`b${n}`, `c${n}`] },
  ]);
  await opened.queue.addTasks(diamonds.flat());
  const hasBegun = (role: ChildProcess) => () => opened.database.db.collection('turns').findOne({ pid: role.pid });
  for (const victim of roles.slice(0, 2)) {
    await eventually(hasBegun(victim));
    victim.kill('SIGKILL');
  }
  const left = () => collection().countDocuments({ state: { $ne: 'done' } });
  await eventually(async () => (await left()) === 0, { timeoutMs: 100_000, everyMs: 100 });

  // A turn of a role that was killed has no end.
  const turns = await opened.database.db.collection<RecordedTurn>('turns').find().sort({ from: 1 }).toArray();
  const of = (...ids: string[]) => turns.filter(({ taskId }) => ids.includes(taskId));
  const inOrder = (earlier: RecordedTurn[], later: RecordedTurn[]) =>
    expect(Math.max(...earlier.map(({ to = 0 }) => to))).toBeLessThanOrEqual(
      Math.min(...later.map(({ from }) => from)),
    );
  const ofMembers = of(...members.map(({ _id }) => _id));
  for (const ofOne of groupBy(ofMembers, ({ customer }) => customer))
    for (const [index, next] of ofOne.slice(1).entries()) inOrder([ofOne[index]!], [next]);
  for (const n of diamonds.keys()) {
    inOrder(of(`a${n}`), of(`b${n}`, `c${n}`));
    inOrder(of(`b${n}`, `c${n}`), of(`d${n}`));
  }
  expect(of(`${id}:then`)).toHaveLength(1);
  inOrder(ofMembers, of(`${id}:then`));
  expect(await opened.queue.batch(id).read()).toMatchObject({ state: 'ended', added: 160, done: 160 });
}, 120_000);

test('kill -9 of the only role: its own next start takes its tasks back at once', async () => {
  const settings = { heartbeatMs: 60_000, leaseMs: 600_000 };
  const victim = await startRole(settings);
  const id = await opened.queue.addTask({ taskType: 'ping', data: { n: 60_000 } });
  const begun = opened.database.db.collection('begun');
  await eventually(() => begun.findOne({ taskId: id, pid: victim.pid }));
  const ended = once(victim, 'exit');
  victim.kill('SIGKILL');
  await ended;
  const next = await startRole(settings);
  await eventually(() => begun.findOne({ taskId: id, pid: next.pid }));
}, 60_000);

test('SIGTERM: a role hands back what it cannot finish, and nothing waits for a lease', async () => {
  const first = await startRole({ heartbeatMs: 60_000, leaseMs: 600_000 });
  const id = await opened.queue.addTask({ taskType: 'ping', data: { n: 60_000 } });
  const begun = opened.database.db.collection('begun');
  await eventually(() => begun.findOne({ taskId: id, pid: first.pid }));
  await end(first);
  expect(await opened.queue.findOne(id)).toMatchObject({ state: 'queued', attempt: 0, attempts: [] });
}, 60_000);

test('kill -9 of a role in the middle of work on many tasks: another one goes on, and each task is replayed once', async () => {
  const settings = { heartbeatMs: 500, leaseMs: 1_500, refreshRate: 100 };
  const ids = Array.from({ length: 3_000 }, (_, n) => `task-${n}`);
  const finishedAt = new Date(Date.now() - 1_000);
  await collection().insertMany(
    ids.map(_id => aTask({ _id, state: 'done', attempt: 1, finishedAt })),
    {
      ignoreUndefined: true,
    },
  );
  // They are only added.
  await opened.queue.pause('ping');
  const victim = await startRole(settings);
  const { _id } = await opened.queue.replayAll({ state: 'done', taskType: 'ping' });
  await eventually(async () => ((await opened.queue.bulkWork(_id))?.done ?? 0) > 0, { everyMs: 5 });
  victim.kill('SIGKILL');
  const half = await opened.queue.bulkWork(_id);
  expect(half).toMatchObject({ state: 'running', of: ids.length });
  await startRole(settings);
  await eventually(async () => (await opened.queue.bulkWork(_id))?.state === 'done', { timeoutMs: 60_000 });
  expect(await opened.queue.bulkWork(_id)).toMatchObject({ of: ids.length, done: ids.length, skipped: 0 });
  expect(await collection().distinct('origin')).toHaveLength(ids.length);
  expect(await collection().countDocuments({ origin: { $exists: true } })).toBe(ids.length);
}, 120_000);
