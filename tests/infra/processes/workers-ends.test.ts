import type { PoolOptions } from '../../../infra/workers/pool/pool-options';
import { eventually } from '../../support/eventually';
import { buildFaultWorker, FaultPool, faultTask } from '../../support/fault-task-pool';
import { isAlive } from '../../support/processes';

let file: string;
let pool: FaultPool;

/** Who looks at its signal gets the time for it, however busy the machine; who does not is ended soon. */
const patience = { abortGraceMs: 20_000 };
const impatience = { abortGraceMs: 200 };

const start = async (options: Partial<PoolOptions> = patience) => {
  pool = await new FaultPool({ file, ...options }).start();
};

beforeAll(async () => {
  ({ file } = await buildFaultWorker());
});
afterEach(() => pool?.pool.stop(1_000));

describe('a worker that ends in the middle of a task', () => {
  test('by kill -9: its task is reported as crashed at once, and another worker takes its place', async () => {
    await start();
    const task = faultTask('hangLong');
    pool.pool.execute([task]);
    const pid = await pool.begun(task);
    process.kill(pid, 'SIGKILL');
    const { outcome } = await pool.reportOf(task);
    expect(outcome).toMatchObject({ kind: 'crashed', error: { name: 'WorkerCrash' } });
    expect((outcome as { error: Error }).error.message).toContain(`(pid ${pid}) ended in the middle of the task`);
    expect((outcome as { error: Error }).error.message).toContain('SIGKILL');
    expect((await pool.run('noop')).workerPid).not.toBe(pid);
  });

  test.each([
    ['exit', { code: 0 }, 'exited with code 0'],
    ['exit', { code: 3 }, 'exited with code 3'],
    ['killSelf', { signal: 'SIGKILL' }, 'ended by SIGKILL'],
    ['exhaustMemory', {}, 'heap out of memory'],
  ] as const)('by its own hand: %s %j', async (taskType, data, words) => {
    await start({ heapLimitMb: 64 });
    const { outcome } = await pool.run(taskType, data);
    expect(outcome.kind).toBe('crashed');
    expect((outcome as { error: Error }).error.message).toContain(words);
    expect((await pool.run('noop')).outcome.kind).toBe('done');
  });

  test('takes no task with it that had not begun, and blames the right one among many short ones', async () => {
    await start();
    await Promise.all(Array.from({ length: 30 }, (_, n) => pool.run('noop', { n })));
    const tasks = Array.from({ length: 200 }, (_, n) => faultTask('noop', { n }));
    const culprit = faultTask('killSelf', { signal: 'SIGKILL' });
    tasks.splice(100, 0, culprit);
    pool.pool.execute(tasks);
    const outcomes = await Promise.all(tasks.map(async task => (await pool.reportOf(task)).outcome.kind));
    expect(outcomes.filter(kind => kind === 'crashed')).toHaveLength(1);
    expect(outcomes[100]).toBe('crashed');
  });
});

describe('a task that runs too long', () => {
  test('ends by its signal, and the worker stays', async () => {
    await start();
    const { outcome, workerPid } = await pool.run('stopOnSignal');
    expect(outcome).toMatchObject({
      kind: 'timedOut',
      error: { name: 'TimeoutError', message: 'ran longer than 300 ms' },
    });
    expect((await pool.run('noop')).workerPid).toBe(workerPid);
  });

  test('is timed out although it returns something after its signal', async () => {
    await start();
    expect((await pool.run('returnAfterSignal')).outcome.kind).toBe('timedOut');
  });

  test.each([
    ['hang', {}],
    ['blockLoop', { ms: 60_000 }],
  ] as const)('is ended with its worker where it does not look at its signal: %s', async (taskType, data) => {
    await start(impatience);
    const { outcome, workerPid } = await pool.run(taskType, data);
    expect(outcome.kind).toBe('timedOut');
    expect((outcome as { error: Error }).error.message).toContain('its worker was killed');
    await eventually(() => !isAlive(workerPid!));
    expect((await pool.run('noop')).outcome.kind).toBe('done');
  });
});

describe('a task that is cancelled', () => {
  test('in the pool: never begins', async () => {
    await start();
    const [first, second] = [faultTask('hangLong'), faultTask('hangLong')];
    pool.pool.execute([first, second]);
    await pool.begun(first);
    pool.pool.cancel(second._id);
    expect((await pool.reportOf(second)).outcome).toEqual({ kind: 'cancelled' });
    expect(pool.started.has(second._id)).toBe(false);
  });

  test('while its worker gives it back: never begins', async () => {
    await start({ abortGraceMs: 400, prefetch: 50 });
    // Only what usually takes short goes ahead into a worker that is busy.
    await eventually(async () => {
      await pool.run('wait', { ms: 0 });
      return pool.pool.room() > 10;
    });
    const [first, second] = [faultTask('wait', { ms: 300 }), faultTask('wait', { ms: 60_000 })];
    pool.pool.execute([first, second]);
    const pid = await pool.begun(first);
    expect(pool.pool.recycle(pid)).toBe(true);
    pool.pool.cancel(second._id);
    expect((await pool.reportOf(second)).outcome).toEqual({ kind: 'cancelled' });
    expect((await pool.reportOf(first)).outcome.kind).toBe('done');
    expect(pool.started.has(second._id)).toBe(false);
  });

  test('while it runs: ends by its signal', async () => {
    await start();
    const task = faultTask('stopOnSignalLong');
    pool.pool.execute([task]);
    const pid = await pool.begun(task);
    pool.pool.cancel(task._id);
    expect((await pool.reportOf(task)).outcome).toEqual({ kind: 'cancelled' });
    expect(isAlive(pid)).toBe(true);
  });

  test('while it blocks its worker: ends with the worker', async () => {
    await start(impatience);
    const task = faultTask('blockLoopLong', { ms: 60_000 });
    pool.pool.execute([task]);
    const pid = await pool.begun(task);
    pool.pool.cancel(task._id);
    expect((await pool.reportOf(task)).outcome).toEqual({ kind: 'cancelled' });
    await eventually(() => !isAlive(pid));
  });
});

test('a task that waits behind what an earlier one left in the event loop gets another worker', async () => {
  await start(impatience);
  const { workerPid } = await pool.run('leaveLoopBlocked');
  const { outcome, workerPid: other } = await pool.run('stopOnSignal');
  expect(outcome.kind).toBe('timedOut');
  expect(other).not.toBe(workerPid);
});

test('a task of a quick type that blocks its worker beside a waiting one is ended in its own time', async () => {
  await start(impatience);
  const waiting = faultTask('waitTogether', { ms: 600_000 });
  pool.pool.execute([waiting]);
  const pid = await pool.begun(waiting);
  for (let n = 0; n < 50; n += 1) await pool.run('blockTogether', { ms: 0 });
  // It tells of its start at once, so that the waiting one is not taken for it, nor it for the waiting one.
  const { outcome, workerPid } = await pool.run('blockTogether', { ms: 600_000 });
  expect([outcome.kind, workerPid]).toEqual(['timedOut', pid]);
  // The waiting one ended with its worker, once, and did not have to run into its own time-out for it.
  expect(pool.reports.get(waiting._id)?.outcome.kind).toBe('crashed');
});
