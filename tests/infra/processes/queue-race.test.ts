import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { DispatcherSettings } from '../../../infra/queue/dispatch/dispatcher';
import { eventually } from '../../support/eventually';
import type { RecordedRun } from '../../support/programs/queue-role';
import { TestQueue } from '../../support/queue';
import { root } from '../../support/run';

const program = join(root, 'tests/support/programs/queue-role.ts');

let opened: TestQueue;
const roles: ChildProcess[] = [];

beforeEach(async () => {
  opened = await TestQueue.open();
});
afterEach(async () => {
  for (const role of roles.splice(0)) role.kill('SIGKILL');
  await opened.close();
});

/** Starts a jobs role as a process of its own. */
async function startRole(settings: DispatcherSettings = {}): Promise<ChildProcess> {
  const env = { ...process.env, MONGO_URL: opened.database.url, QUEUE_SETTINGS: JSON.stringify(settings) };
  const role = fork(program, { env, execArgv: ['--require', 'tsx/cjs'], cwd: root });
  roles.push(role);
  await once(role, 'message');
  return role;
}

async function end(role: ChildProcess): Promise<void> {
  const ended = once(role, 'exit');
  role.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
}

const collection = () => opened.queue.core.store.collection;

test('4,000 tasks and four roles: each runs, and none runs twice at once', async () => {
  const total = 4_000;
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
