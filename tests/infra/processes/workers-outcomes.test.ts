import { eventually } from '../../support/eventually';
import { buildFaultWorker, FaultPool, faultTask } from '../../support/fault-task-pool';

let pool: FaultPool;
let file: string;

beforeAll(async () => {
  ({ file } = await buildFaultWorker());
  pool = await new FaultPool({ file, maxWorkers: 1 }).start();
});
afterAll(() => pool?.pool.stop(1_000));

describe('what a handler returns', () => {
  test('comes back as it was: dates stay dates, bytes stay bytes', async () => {
    const at = new Date(86_400_000);
    const { outcome, workerPid } = await pool.run('echo', { value: { list: [1, null, 'a'] }, at });
    expect(outcome).toEqual({ kind: 'done', value: { value: { list: [1, null, 'a'] }, at, bytes: expect.anything() } });
    expect(Buffer.from((outcome as { value: { bytes: Uint8Array } }).value.bytes).toString()).toBe('bytes');
    expect(pool.pids()).toContain(workerPid);
  });

  test('may be nothing', async () => {
    expect((await pool.run('noop')).outcome).toEqual({ kind: 'done', value: undefined });
  });

  test.each([
    ['function', 'result.rows.1: '],
    ['symbol', 'result: Symbol(mine) cannot be stored'],
    ['bigint', 'result.count: '],
    ['Proxy', 'result.order: a Proxy cannot be stored'],
    ['revoked Proxy', 'result.order: a Proxy cannot be stored'],
    ['getter', 'result.rows.0.total: cannot be read: its getter throws'],
    ['invalid date', 'result.at: is an invalid date'],
    ['ObjectId', 'result.id: an ObjectId (use its toHexString())'],
    ['circle', 'or in a circle'],
    ['giant', 'result: more than 1,048,576 bytes; put what is large into a file (context.files) and give its id'],
  ])('is refused with its place in the result: %s', async (what, message) => {
    const { outcome } = await pool.run('giveBack', { what });
    expect(outcome).toMatchObject({ kind: 'failed', fatal: true });
    expect((outcome as { error: Error }).error.message).toContain(message);
  });
});

test('a result that cannot be sent fails its own task, and none of those that share the worker and the tick', async () => {
  const unsendable = ['Proxy', 'getter', 'function'];
  const tasks = ['plain', ...unsendable, 'plain', 'plain'].map(what => faultTask('giveBackTogether', { what }));
  pool.pool.execute(tasks);
  const outcomes = await Promise.all(tasks.map(async task => (await pool.reportOf(task)).outcome.kind));
  expect(outcomes).toEqual(['done', 'failed', 'failed', 'failed', 'done', 'done']);
});

test('a result is what the handler returned, whatever it does to it afterwards', async () => {
  const { outcome } = await pool.run('giveBack', { what: 'changed afterwards' });
  expect(outcome).toEqual({ kind: 'done', value: { rows: [1], bytes: new Uint8Array([1, 2]) } });
});

test('a task that cannot be sent to a worker fails at once and says where, and its neighbours run', async () => {
  const unsendable = faultTask('noop', { order: new Proxy({}, {}) });
  const neighbour = faultTask('noop');
  pool.pool.execute([neighbour, unsendable, faultTask('noop')]);
  const { outcome } = await pool.reportOf(unsendable);
  expect(outcome).toMatchObject({ kind: 'failed', fatal: true, error: { name: 'NotSendable' } });
  expect((outcome as { error: Error }).error.message).toContain('data.order: a Proxy');
  expect((await pool.reportOf(neighbour)).outcome.kind).toBe('done');
});

test('a message that a worker does not understand fails the task that it is about, in a worker that goes on', async () => {
  const { outcome } = await pool.run('noop', {}, { _id: 5 as never });
  expect(outcome).toMatchObject({ kind: 'failed', error: { name: 'ProtocolError' } });
  expect((await pool.run('noop')).outcome.kind).toBe('done');
});

describe('what a handler throws', () => {
  test('is a failure with a stack that names the source file', async () => {
    const { outcome } = await pool.run('throwError', { message: 'no luck' });
    expect(outcome).toMatchObject({ kind: 'failed', fatal: false, error: { name: 'Error', message: 'no luck' } });
    expect((outcome as { error: { stack: string } }).error.stack).toMatch(/fault-task-handlers\.ts:\d+/);
  });

  test('is final where it is a FatalError', async () => {
    const { outcome } = await pool.run('throwFatal', { message: 'never' });
    expect(outcome).toMatchObject({ kind: 'failed', fatal: true, error: { name: 'FatalError', message: 'never' } });
  });

  test('puts its task off where it is a Snooze, until then or for so long', async () => {
    const { outcome } = await pool.run('snooze', { ms: 1_500 });
    expect(outcome).toEqual({ kind: 'snoozed', until: 1_500, why: 'not yet' });
    const at = new Date(Date.now() + 60_000);
    expect((await pool.run('snooze', { at })).outcome).toMatchObject({ kind: 'snoozed', until: at });
    const { outcome: wrong } = await pool.run('snooze', { ms: -1 });
    expect(wrong).toMatchObject({
      kind: 'failed',
      error: { message: expect.stringContaining('Snooze: -1 is neither') },
    });
  });

  test('is tried again when the retry of its module says so', async () => {
    const outcomeOf = async (say: string) => (await pool.run('retryItself', { say })).outcome;
    expect(await outcomeOf('later')).toMatchObject({ kind: 'failed', fatal: false, retryMs: 2_000 });
    expect(await outcomeOf('fail')).toMatchObject({ kind: 'failed', fatal: true });
    expect(await outcomeOf('fatal')).toMatchObject({ kind: 'failed', fatal: true });
    for (const say of ['default', 'throw', 'nonsense']) {
      const outcome = await outcomeOf(say);
      expect(outcome).toMatchObject({ kind: 'failed', fatal: false, error: { message: say } });
      expect(outcome).not.toHaveProperty('retryMs');
    }
    const logged = pool.said.filter(({ name }) => name === 'task.log').map(({ fields }) => String(fields.message));
    expect(logged).toEqual(
      expect.arrayContaining([expect.stringMatching(/^retry: no idea/), expect.stringMatching(/"soon"/)]),
    );
  });

  test.each([
    ['text', 'threw "a text", which is not an Error'],
    ['nothing', 'threw undefined, which is not an Error'],
    ['object', 'threw {"status":500}, which is not an Error'],
  ])('is made an error where it is none: %s', async (what, message) => {
    const { outcome } = await pool.run('throwOther', { what });
    expect(outcome).toMatchObject({ kind: 'failed', fatal: false, error: { name: 'NotAnError', message } });
  });

  test.each([
    ['a stack that throws', 'disk full'],
    ['a name that throws', 'disk full'],
    ['a name that is a symbol', 'disk full'],
    ['a message without a prototype', '{}'],
    ['a revoked Proxy', 'threw an object, which is not an Error'],
    ['several reasons', 'all failed: (1) disk full; (2) no route'],
    ['17 MB', `${'x'.repeat(9_999)}…`],
  ])('is a failure at once where nobody can print it, in a worker that goes on: %s', async (what, message) => {
    const before = pool.pids();
    const { outcome } = await pool.run('throwOther', { what });
    expect(outcome).toMatchObject({ kind: 'failed', fatal: false, error: { message } });
    expect(pool.pids()).toEqual(before);
  });

  test('keeps its causes', async () => {
    const { outcome } = await pool.run('throwOther', { what: 'error with a cause' });
    expect((outcome as { error: { stack: string } }).error.stack).toContain('Caused by: Error: inside');
  });

  test('is a failure too where it is a rejection that nobody awaits, and the handler ends by itself', async () => {
    const { outcome } = await pool.run('rejectAside', { goOn: false });
    expect(outcome).toMatchObject({
      kind: 'failed',
      error: { message: 'a promise that the handler did not await was rejected: nobody awaits me' },
    });
  });

  test('ends the task and, later, the worker, where the handler goes on after such a rejection', async () => {
    const { outcome, workerPid } = await pool.run('rejectAside', { goOn: true });
    expect(outcome).toMatchObject({ kind: 'failed', fatal: false });
    await eventually(() => !pool.pids().includes(workerPid!));
    expect(pool.saidOf('worker.recycled')).toContainEqual(expect.objectContaining({ workerPid }));
  });

  test('is a crash of the worker where no promise carries it', async () => {
    const { outcome, workerPid } = await pool.run('exceptionAside');
    expect(outcome).toMatchObject({ kind: 'crashed', error: { name: 'WorkerCrash' } });
    expect((outcome as { error: Error }).error.message).toContain('Error: thrown by a timer');
    expect(pool.pids()).not.toContain(workerPid);
    expect((await pool.run('noop')).outcome.kind).toBe('done');
  });
});

test('a payload that its schema refuses does not reach the handler', async () => {
  const { outcome } = await pool.run('wait', { ms: 'long' });
  expect(outcome).toMatchObject({ kind: 'failed', fatal: true, error: { name: 'PayloadError' } });
  expect((outcome as { error: Error }).error.message).toContain('wait.data.ms');
});

describe('what a handler says while it runs', () => {
  test('is its progress: clamped, throttled, the last one always', async () => {
    const fractions = [-3, ...Array.from({ length: 200 }, (_, i) => i / 200), 7];
    const { task } = await pool.run('report', { fractions });
    const seen = pool.progress.filter(({ taskId }) => taskId === task._id).map(({ progress }) => progress);
    expect(seen.length).toBeLessThan(20);
    expect(seen[0]).toMatchObject({ fraction: 0, note: 'at -3', at: expect.any(Date) });
    expect(seen.at(-1)).toMatchObject({ fraction: 1, note: 'at 7' });
  });

  test('is refused where it is no progress', async () => {
    const { outcome } = await pool.run('reportNonsense');
    expect(outcome).toMatchObject({
      kind: 'failed',
      error: { name: 'TypeError', message: 'progress: fraction "much" is not a number from 0 to 1' },
    });
  });

  test('is its log, with the task that it belongs to', async () => {
    const { task } = await pool.run('log');
    const lines = pool.saidOf('task.log').filter(({ taskId }) => taskId === task._id);
    expect(lines[0]).toEqual({ taskType: 'log', taskId: task._id, level: 'info', message: 'plain' });
    expect(lines[1]).toMatchObject({
      level: 'warn',
      fields: { rows: 3, when: new Date(0), odd: '[Function: odd]', error: { name: 'TypeError', message: 'odd' } },
    });
  });

  test('is its log also where it cannot be sent as it is', async () => {
    const { task, outcome } = await pool.run('logUnsendable');
    expect(outcome.kind).toBe('done');
    const lines = pool.saidOf('task.log').filter(({ taskId }) => taskId === task._id);
    expect(lines.map(({ message }) => message)).toEqual(['a Proxy', 'a getter', 'all of it', 'no object', '{ a: 1 }']);
    expect(lines[0]!.fields).toEqual({ order: '{ id: 1 }', rows: 3 });
    expect(lines[1]!.fields).toEqual({ total: 'its getter throws: this getter throws', rows: 3 });
    expect(lines[3]!.fields).toEqual({ fields: 'a text' });
  });

  test('is what it prints, line by line, with its worker and task', async () => {
    const { task, workerPid } = await pool.run('print');
    const lines = await eventually(() => {
      const printed = pool.saidOf('worker.output').filter(fields => ['one', 'two', 'three'].includes(`${fields.line}`));
      return printed.length === 3 ? printed : undefined;
    });
    expect(lines.map(({ stream, line }) => `${stream} ${line}`).sort()).toEqual([
      'stderr three',
      'stdout one',
      'stdout two',
    ]);
    expect(lines.every(fields => fields.workerPid === workerPid)).toBe(true);
    expect(task.taskType).toBe('print');
  });

  test('is the log of its attempt: what it logs and what it prints, in its order, whatever else its worker runs', async () => {
    const tasks = Array.from({ length: 6 }, (_, n) => faultTask('printTogether', { n }));
    pool.pool.execute(tasks);
    const logs = await Promise.all(tasks.map(async task => (await pool.reportOf(task)).ran?.log));
    for (const [n, log] of logs.entries())
      expect(log).toEqual({
        lines: [
          { at: expect.any(Number), stream: 'stdout', text: `begins ${n}` },
          { at: expect.any(Number), level: 'info', text: 'half', fields: `{"n":${n}}` },
          { at: expect.any(Number), stream: 'stderr', text: `ends ${n}` },
        ],
        dropped: 0,
      });
    expect((await pool.run('noop')).ran).not.toHaveProperty('log');
  });

  test('is known of an attempt that ended its worker', async () => {
    const { outcome, ran } = await pool.run('printThenExit');
    expect(outcome.kind).toBe('crashed');
    expect(ran?.log?.lines.map(({ text }) => text)).toEqual(['about to end', 'and this is why']);
  });

  test('is dropped where it is no message of the protocol', async () => {
    expect((await pool.run('sendNonsense')).outcome.kind).toBe('done');
    await eventually(() => pool.saidOf('worker.malformedMessage').length === 2);
  });
});

test('a worker loads the module of a handler with its first task', async () => {
  expect((await pool.run('isLazyLoaded')).outcome).toEqual({ kind: 'done', value: false });
  expect((await pool.run('touchLazy')).outcome).toEqual({ kind: 'done', value: 'touched' });
  expect((await pool.run('isLazyLoaded')).outcome).toEqual({ kind: 'done', value: true });
});

test('a worker has nothing of the role in its environment, and a lower priority', async () => {
  process.env.METEOR_SETTINGS = '{"secret":1}';
  process.env.PORT = '3100';
  process.env.MONGO_URL = 'mongodb://user:password@localhost/app';
  const fresh = await new FaultPool({ file }).start();
  const { outcome, task } = await fresh.run('lookAround', {}, { attempt: 2 });
  const { value } = outcome as { value: Record<string, unknown> & { env: Record<string, string> } };
  expect(Object.keys(value.env).filter(name => /METEOR|PORT|MONGO|JEST/.test(name))).toEqual([]);
  expect(value.env.PATH).toBe(process.env.PATH);
  expect(value).toMatchObject({
    niceness: 10,
    attempt: 2,
    execArgv: ['--enable-source-maps'],
    sameFunction: true,
  });
  expect(value.idempotencyKey).toBe(`${task._id}@${task.createdAt.getTime()}`);
  await fresh.pool.stop(1_000);
});
