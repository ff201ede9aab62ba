import { setTimeout as wait } from 'node:timers/promises';
import { defineTasks } from '../../../infra/catalog';
import { TaskQueueOf } from '../../../infra/queue/api/task-queue';
import { Dispatcher } from '../../../infra/queue/dispatch/dispatcher';
import { InProcessExecutor } from '../../../infra/queue/testing/in-process-executor';
import {
  FatalError,
  type HandlerIn,
  type HandlersOf,
  type RoleHandlersOf,
  Snooze,
} from '../../../infra/workers/handler';
import { RoleExecutor } from '../../../infra/workers/role/role-executor';
import { TwoExecutors } from '../../../infra/workers/role/two-executors';
import { type TestDatabase, testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { gate } from '../../support/queue';
import { readsOf } from '../../support/reads';

const soon = { base: 20, factor: 1, max: 20, jitter: 0 };
const catalog = defineTasks({
  compute: { payload: {} },
  call: { payload: { n: { type: Number, optional: true } }, runsIn: 'role', perRole: 3, backoff: soon },
  other: { payload: {}, runsIn: 'role', timeout: 60, attempts: 1 },
});
type Catalog = typeof catalog;
type RoleHandlers = RoleHandlersOf<Catalog>;
type Handler = (task: never, context: never) => unknown;

// @ts-expect-error compute runs in a worker
({ call: async () => ({ handler: () => 1 }) }) satisfies HandlersOf<Catalog>;
// @ts-expect-error other is missing
({ call: async () => ({ handler: () => 1 }) }) satisfies RoleHandlersOf<Catalog>;

let database: TestDatabase;
let queue: TaskQueueOf<Catalog>;
let dispatcher: Dispatcher;
let emitted: { name: string; fields: Record<string, unknown> }[];
let executor: RoleExecutor;
const named = (name: string) => emitted.filter(one => one.name === name).map(({ fields }) => fields);

beforeEach(async () => {
  emitted = [];
  database = await testDatabase();
  queue = new TaskQueueOf(catalog);
  const sender = { appId: 'test', version: '1', rootUrl: 'http://localhost' };
  const emit = (name: string, fields: object) => emitted.push({ name, fields: fields as Record<string, unknown> });
  await queue.connect({ db: database.db, sender, emit });
});
afterEach(async () => {
  await dispatcher?.stop(0);
  await database.drop();
});

/** A jobs role with one slot for workers, and these handlers in itself. */
async function role(handlers: { call?: Handler; other?: Handler }, compute: () => unknown = () => 1): Promise<void> {
  const registry = {
    call: async () => ({ handler: handlers.call ?? (() => 1) }),
    other: async () => ({ handler: handlers.other ?? (() => 1) }),
  } as RoleHandlers;
  const { db, emit } = queue.core;
  executor = new RoleExecutor({
    catalog,
    handlers: registry,
    queue,
    db,
    emit,
    abortGraceMs: 40,
    handlerSettings: { a: 1 },
  });
  const workers = new InProcessExecutor({ handlers: { compute }, slots: 1 });
  const both = new TwoExecutors({ workers, role: executor, inRole: taskType => taskType !== 'compute' });
  dispatcher = new Dispatcher({ queue, executor: both, settings: { refreshRate: 100 } });
  await dispatcher.start();
}

const becomes = (id: string, state: string) => eventually(async () => (await queue.findOne(id))?.state === state);

test('a handler in the role has task, context and queue as in a worker, and its end is settled in the same way', async () => {
  const progress: unknown[] = [];
  queue.on('progress', ({ value }) => progress.push(value));
  const call: HandlerIn<Catalog, 'call'> = async ({ data }, context) => {
    context.progress(0.5, 'half');
    context.log('calls', { n: data.n });
    const calls = context.db.collection<{ _id: string }>('calls');
    await calls.insertOne({ _id: context.idempotencyKey });
    const count = await calls.countDocuments(); // before the second call comes
    if (data.n === 1) await context.queue.addTask({ taskType: 'call', data: { n: 2 } } as never);
    return { settings: context.settings, calls: count };
  };
  await role({ call });
  const id = await queue.addTask({ taskType: 'call', data: { n: 1 } });
  await becomes(id, 'done');
  const task = await queue.findOne(id);
  expect(task).toMatchObject({ result: { settings: { a: 1 }, calls: 1 } });
  expect(progress[0]).toMatchObject({ fraction: 0.5, note: 'half' });
  expect(task?.attempts).toMatchObject([{ outcome: 'done', workerPid: process.pid }]);
  expect(named('task.log')[0]).toMatchObject({ taskId: id, message: 'calls', fields: { n: 1 } });
  expect(task?.attempts[0]?.lines).toBe(1);
  const log = await eventually(() => queue.attemptLog(id));
  expect(log).toMatchObject({
    attempt: 1,
    startedAt: task?.attempts[0]?.startedAt,
    expiresAt: task?.expiresAt,
    lines: [{ at: expect.any(Date), level: 'info', text: 'calls', fields: '{"n":1}' }],
    dropped: 0,
  });
  await eventually(async () => (await queue.find({ state: 'done' }).countAsync()) === 2);
});

test('a handler in the role takes from a rate, and adds to a batch', async () => {
  queue.declare(catalog, {}, { stripe: { max: 1, per: 200 } });
  const call: HandlerIn<Catalog, 'call'> = async ({ data }, context) => {
    if (data.n === 1) await context.rate('strpe' as never).catch(error => context.log(error.message));
    const times: number[] = [];
    while (times.length < 2) {
      await context.rate('stripe' as never);
      times.push(Date.now());
    }
    if (data.n === 1) await context.queue.addBatch({ name: 'two', tasks: [{ taskType: 'other' }] } as never);
    return times;
  };
  await role({ call });
  const id = await queue.addTask({ taskType: 'call', data: { n: 1 } });
  await becomes(id, 'done');
  const [first, second] = (await queue.findOne(id))!.result as [number, number];
  expect(second - first).toBeGreaterThanOrEqual(199);
  expect(named('task.log')[0]?.message).toMatch(/no such rate, did you mean stripe/);
  await eventually(async () => (await queue.find({ taskType: 'other', state: 'done' }).countAsync()) === 1);
});

test('each attempt that wrote something has a log, as long as its task is kept; the others cost nothing', async () => {
  await queue.core.attemptLogs.ensureIndexes();
  let tries = 0;
  await role({
    call: (_: never, { log }: { log(text: string): void }) => {
      tries += 1;
      if (tries !== 2) log(`try ${tries}`);
      if (tries < 4) throw tries === 3 ? new Snooze(1) : new Error('not yet');
    },
  } as never);
  const id = await queue.addTask({ taskType: 'call' });
  await becomes(id, 'done');
  const task = await queue.findOne(id);
  expect(task?.attempts.map(({ lines }) => lines)).toEqual([1, undefined, 1, 1]);
  const stored = () => database.db.collection('taskLogs').find().sort({ startedAt: 1 }).toArray();
  await eventually(async () => (await stored()).length === 3);
  await eventually(async () =>
    (await stored()).every(({ expiresAt }) => Number(expiresAt) === Number(task?.expiresAt)),
  );
  expect((await stored()).map(({ attempt }) => attempt)).toEqual([1, 3, 3]);
  const [first] = task?.attempts ?? [];
  expect((await queue.attemptLog(id, first?.startedAt))?.lines[0]?.text).toBe('try 1');
  expect((await queue.attemptLog(id))?.lines[0]?.text).toBe('try 4');
  expect(await queue.attemptLog(id, new Date(0))).toBeUndefined();
  // What ends together is written together, and keeps its own moment all the same.
  const together = await queue.addTasks([1, 2, 3].map(n => ({ taskType: 'call' as const, data: { n } })));
  for (const one of together) {
    await becomes(one, 'done');
    const startedAt = (await queue.findOne(one))?.attempts[0]?.startedAt;
    await eventually(() => queue.attemptLog(one, startedAt));
  }
  const reads = await readsOf(database.db, () => queue.attemptLog(id));
  expect(reads.find(({ collection }) => collection === 'taskLogs')).toMatchObject({ docsExamined: 1, keysExamined: 1 });
});

test('failures are tried again, fatal ones and results that cannot be kept are not', async () => {
  let tries = 0;
  await role({
    call: () => {
      tries += 1;
      throw new Error(`try ${tries}`);
    },
    other: () => {
      throw new FatalError('never');
    },
  });
  const retried = await queue.addTask({ taskType: 'call' });
  const fatal = await queue.addTask({ taskType: 'other' });
  await becomes(retried, 'failed');
  expect((await queue.findOne(retried))?.attempts.map(({ error }) => error?.message)).toEqual([
    'try 1',
    'try 2',
    'try 3',
  ]);
  await becomes(fatal, 'failed');
});

test('no more than perRole run at once, and full workers do not hold up the role, nor the role the workers', async () => {
  const ofRole = gate();
  const ofWorkers = gate();
  let most = 0;
  let now = 0;
  await role(
    {
      call: async () => {
        now += 1;
        most = Math.max(most, now);
        await ofRole.opened;
        now -= 1;
      },
    },
    () => ofWorkers.opened,
  );
  await queue.addTasks(Array.from({ length: 5 }, () => ({ taskType: 'compute' }) as const));
  const other = await queue.addTask({ taskType: 'other' });
  await becomes(other, 'done');
  await queue.addTasks(Array.from({ length: 20 }, () => ({ taskType: 'call', priority: 50 }) as const));
  await eventually(() => now === 3);
  expect(await queue.find({ taskType: 'call', state: 'running' }).countAsync()).toBe(3);
  ofWorkers.open();
  await eventually(async () => (await queue.find({ taskType: 'compute', state: 'done' }).countAsync()) === 5);
  ofRole.open();
  await eventually(async () => (await queue.find({ taskType: 'call', state: 'done' }).countAsync()) === 20);
  expect(most).toBe(3);
});

test('a time-out aborts the signal; a handler that goes on keeps its slot and its task, and the log says so', async () => {
  const end = gate();
  await role({ other: () => end.opened });
  const id = await queue.addTask({ taskType: 'other' });
  await eventually(() => named('task.stillRuns').length > 0);
  expect(named('worker.timeout')[0]).toMatchObject({ taskId: id, timeoutMs: 60 });
  expect(named('task.stillRuns')[0]).toMatchObject({ taskType: 'other', taskId: id, reason: 'timedOut' });
  expect(await queue.findOne(id)).toMatchObject({ state: 'running' });
  expect(executor.tasks()).toMatchObject([{ taskId: id, taskType: 'other' }]);
  end.open();
  await becomes(id, 'failed');
  expect((await queue.findOne(id))?.attempts).toMatchObject([{ outcome: 'timedOut' }]);
});

test('a cancel reaches the handler, and a drain hands back what does not end in time', async () => {
  const signals: AbortSignal[] = [];
  await role({
    call: (_task: never, { signal }: { signal: AbortSignal }) => {
      signals.push(signal);
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
  } as never);
  const cancelled = await queue.addTask({ taskType: 'call' });
  await eventually(() => signals.length === 1);
  await queue.cancel(cancelled);
  await becomes(cancelled, 'cancelled');
  const left = await queue.addTask({ taskType: 'call' });
  await eventually(() => signals.length === 2);
  await dispatcher.stop(200);
  expect(signals[1]?.aborted).toBe(true);
  expect(await queue.findOne(left)).toMatchObject({ state: 'queued', attempt: 0 });
});

test('in-memory tasks run in the role as well', async () => {
  await role({ call: () => 'in memory' });
  const done = new Promise(resolve => queue.on('done', ({ value }) => resolve(value)));
  await queue.addTask({ taskType: 'call', inMemory: true });
  expect(await done).toBe('in memory');
});

test('a handler that holds the event loop is named, one that waits beside it is not', async () => {
  const hold = (ms: number) => {
    for (const until = performance.now() + ms; performance.now() < until; );
  };
  const both = gate();
  await role({
    call: async (task: { data: { n?: number } }) => {
      if (task.data.n === 0) hold(120);
      await wait(10);
      if (task.data.n === 1) hold(150);
      await both.opened;
    },
    other: async () => {
      for (let turn = 0; turn < 5; turn++) await wait(5);
    },
  } as never);
  const ids = [0, 1].map(n => ({ taskType: 'call', data: { n } }) as const);
  await queue.addTasks([...ids, { taskType: 'other' }]);
  await eventually(() => (executor.heldLoop()[0]?.times ?? 0) >= 2);
  both.open();
  expect(executor.heldLoop()).toMatchObject([{ taskType: 'call' }]);
  expect(executor.heldLoop()[0]?.longestMs).toBeGreaterThanOrEqual(150);
  // The second within a minute is counted, and not written.
  expect(named('task.heldLoop')).toHaveLength(1);
  expect(named('task.heldLoop')[0]).toMatchObject({ taskType: 'call' });
});

test('the catalog refuses what has no effect there', () => {
  const define = (options: object) => () => defineTasks({ a: { payload: {}, ...options } } as never);
  expect(define({ runsIn: 'rolle' })).toThrow("a.runsIn: \"rolle\" is not 'worker' or 'role', did you mean role?");
  expect(define({ perRole: 2 })).toThrow("a.perRole: only with runsIn: 'role'");
  expect(define({ runsIn: 'role', perWorker: 2 })).toThrow('a.perWorker: there is perRole with');
  expect(define({ runsIn: 'role', concurrency: 2 })).toThrow('a.concurrency: in each role it is called perRole');
});
