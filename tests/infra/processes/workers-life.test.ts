import { copyFileSync, mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Health } from '../../../infra/monitor/health';
import { eventually } from '../../support/eventually';
import { buildFaultWorker, FaultPool, faultTask } from '../../support/fault-task-pool';
import { isAlive } from '../../support/processes';
import { catalogForTests } from '../../support/test-catalog';

let file: string;
let pool: FaultPool;

const create = (options = {}) => {
  pool = new FaultPool({ file, abortGraceMs: 400, ...options });
  return pool;
};
const start = (options = {}) => create(options).start();

beforeAll(async () => {
  ({ file } = await buildFaultWorker());
});
afterEach(() => pool?.pool.stop(1_000));

describe('keepAlive', () => {
  test("'always' fills the pool at once and keeps it full", async () => {
    await start({ maxWorkers: 3, keepAlive: 'always' });
    await eventually(() => pool.saidOf('worker.started').length === 3);
    process.kill(pool.pids()[0]!, 'SIGKILL');
    await eventually(() => pool.saidOf('worker.started').length === 4);
    expect(pool.pids()).toHaveLength(3);
  });

  test('a number keeps idle workers for so long, and the pool grows again when there is work', async () => {
    await start({ maxWorkers: 2, keepAlive: 200 });
    const { workerPid } = await pool.run('noop');
    await eventually(() => pool.pids().length === 0);
    await eventually(() => !isAlive(workerPid!));
    expect((await pool.run('noop')).outcome.kind).toBe('done');
  });

  test('keeps minWorkers in any case', async () => {
    await start({ maxWorkers: 2, minWorkers: 1, keepAlive: 100 });
    const waits = [pool.run('wait', { ms: 300 }), pool.run('wait', { ms: 300 })];
    await eventually(() => pool.pids().length === 2);
    await Promise.all(waits);
    await eventually(() => pool.pids().length === 1);
    await eventually(() => pool.saidOf('worker.ended').length === 1);
    expect(pool.pids()).toHaveLength(1);
  });
});

describe('a worker that an operator recycles', () => {
  test('ends what it runs, gives back what it has not begun, and another one takes its place', async () => {
    await start({ maxWorkers: 1, prefetch: 1 });
    const first = pool.run('wait', { ms: 1_000 });
    await eventually(() => pool.started.size === 1);
    const second = pool.run('noop');
    const [pid] = pool.pids();
    expect(pool.pool.recycle(pid!)).toBe(true);
    expect(pool.pool.recycle(pid!)).toBe(false);
    const [one, other] = await Promise.all([first, second]);
    expect([one.workerPid, one.outcome.kind, other.outcome.kind]).toEqual([pid, 'done', 'done']);
    expect(other.workerPid).not.toBe(pid);
    await eventually(() => !isAlive(pid!));
    const [idle] = pool.pids();
    expect(pool.pool.recycle(idle!)).toBe(true);
    await eventually(() => !isAlive(idle!));
  });
});

describe('room', () => {
  test('is one task for each worker while nobody knows how long tasks take', async () => {
    await start({ maxWorkers: 3 });
    expect(pool.pool.room()).toBe(3);
    pool.pool.execute([faultTask('hangLong')]);
    expect(pool.pool.room()).toBe(2);
    pool.pool.execute([faultTask('hangLong'), faultTask('hangLong'), faultTask('hangLong')]);
    expect(pool.pool.room()).toBe(0);
  });

  test('grows with short tasks, up to the prefetch', async () => {
    await start({ prefetch: 50 });
    // On a busy machine a task or two take long by chance: it needs some more then.
    await eventually(async () => {
      await pool.run('noop');
      return pool.pool.room() > 10;
    });
    expect(pool.pool.room()).toBeLessThanOrEqual(51);
    // Long ones, or unknown ones, go to whatever role has a free slot; and nothing is taken behind them.
    const ahead = pool.pool.fitting([...Array(5).fill('noop'), 'hangLong', 'hangLong', 'noop']);
    expect(ahead).toBe(6);
    pool.pool.execute([faultTask('hangLong')]);
    expect(pool.pool.room()).toBe(0);
  });

  test('is more than one in a worker for types that wait rather than compute', async () => {
    await start();
    const tasks = Array.from({ length: 10 }, () => faultTask('waitTogether', { ms: 3_000 }));
    pool.pool.execute(tasks.slice(0, 1));
    expect(pool.pool.room()).toBe(9);
    pool.pool.execute(tasks.slice(1));
    expect(new Set(await Promise.all(tasks.map(task => pool.begun(task)))).size).toBe(1);
    expect(pool.pool.snapshot()).toMatchObject({ workers: 1, busy: 10, load: 1, waiting: 0 });
    expect(pool.pool.room()).toBe(0);
  });
});

describe('a worker is replaced between tasks', () => {
  test('after so many tasks', async () => {
    await start({ recycle: { tasks: 3 } });
    const pids: (number | undefined)[] = [];
    for (let n = 0; n < 4; n += 1) pids.push((await pool.run('noop', { n })).workerPid);
    expect(new Set(pids.slice(0, 3)).size).toBe(1);
    expect(pids[3]).not.toBe(pids[0]);
    expect(pool.saidOf('worker.recycled')[0]).toMatchObject({
      workerPid: pids[0],
      why: 'it has run 3 tasks (limit 3)',
    });
  });

  test('at a certain age, idle or not', async () => {
    await start({ recycle: { ageMs: 300 } });
    const [pid] = pool.pids();
    await eventually(() => !isAlive(pid!));
    expect((await pool.run('noop')).outcome.kind).toBe('done');
  });

  test('when it holds too much memory', async () => {
    await start({ recycle: { rssBytes: 250 * 1024 * 1024 } });
    const { workerPid } = await pool.run('leak', { megabytes: 10 });
    expect((await pool.run('leak', { megabytes: 300 })).workerPid).toBe(workerPid);
    expect((await pool.run('noop')).workerPid).not.toBe(workerPid);
    expect(pool.saidOf('worker.recycled')[0]?.why).toMatch(/^it holds \d+ MB of memory \(limit 250 MB\)$/);
  });
});

describe('a worker that cannot start', () => {
  test('keeps the pool from starting, with its own words', async () => {
    const broken = join(mkdtempSync(join(tmpdir(), 'tandem-broken-')), 'main.js');
    writeFileSync(broken, 'throw new Error("I am broken")');
    await expect(create({ file: broken }).start()).rejects.toThrow(
      'A worker process could not start: exited with code 1: Error: I am broken',
    );
    expect(pool.pids()).toEqual([]);
  });

  test('of another catalog is refused, with the command that builds it', async () => {
    await expect(create({ catalog: catalogForTests }).start()).rejects.toThrow(
      /another task catalog.*npm run build:worker/,
    );
  });

  test('later on is tried again after growing pauses, and says so', async () => {
    const own = join(mkdtempSync(join(tmpdir(), 'tandem-breaks-')), 'main.js');
    copyFileSync(file, own);
    await start({ file: own });
    writeFileSync(`${own}.broken`, 'process.exit(7)');
    renameSync(`${own}.broken`, own);
    const task = faultTask('exit', { code: 1 });
    const after = faultTask('noop');
    pool.pool.execute([task, after]);
    const failures = await eventually(() => {
      const said = pool.saidOf('worker.startFailed');
      return said.length >= 3 ? said : undefined;
    });
    expect(failures.map(({ retryInMs }) => retryInMs).slice(0, 3)).toEqual([250, 500, 1_000]);
    expect(failures[0]).toMatchObject({ failures: 1, why: 'exited with code 7' });
    expect(pool.pool.room()).toBe(0);
    copyFileSync(file, own);
    expect((await pool.reportOf(after)).outcome.kind).toBe('done');
  });
});

test('a pool whose workers have failed to start for long has no room, says so once, and recovers by itself', async () => {
  const own = join(mkdtempSync(join(tmpdir(), 'tandem-fails-')), 'main.js');
  copyFileSync(file, own);
  await start({ file: own, keepAlive: 100, startPatienceMs: 1_000 });
  const health = new Health({
    identity: { role: 'jobs', version: '1', commit: '' },
    database: { connected: () => true, latencyMs: () => 0 },
    workers: () => ({ enabled: true, ...pool.pool.snapshot() }),
  });
  health.state = 'ready';
  const task = faultTask('noop');
  writeFileSync(`${own}.broken`, 'process.exit(7)');
  renameSync(`${own}.broken`, own);
  await eventually(() => pool.pids().length === 0);
  pool.pool.execute([task]);
  await eventually(() => pool.saidOf('worker.startFailed').length === 1);
  pool.pool.cancel(task._id); // Nothing waits for a worker any more.
  expect(pool.pool.room()).toBe(1);
  expect(await health.report()).toMatchObject({ code: 200, body: { status: 'ok' } });
  await eventually(() => pool.pool.room() === 0);
  const failing = { slots: 0, starts: 'failing' };
  expect(await health.report()).toMatchObject({ code: 503, body: { status: 'no worker can start', workers: failing } });
  await eventually(() => pool.saidOf('worker.startsFail').length === 1);
  const failed = pool.saidOf('worker.startFailed').length;
  const rooms = new Set<number>();
  await eventually(() => {
    rooms.add(pool.pool.room());
    return pool.saidOf('worker.startFailed').length > failed;
  });
  expect([...rooms]).toEqual([0]);
  expect(pool.saidOf('worker.startsFail')).toHaveLength(1);
  copyFileSync(file, own);
  await eventually(() => pool.pool.room() === 1);
  expect(await health.report()).toMatchObject({ code: 200, body: { status: 'ok', workers: { slots: 1 } } });
  expect((await pool.run('noop')).outcome.kind).toBe('done');
});

test('what waits behind a busy worker is handed back as well, where no other one has started for long', async () => {
  const own = join(mkdtempSync(join(tmpdir(), 'tandem-behind-')), 'main.js');
  copyFileSync(file, own);
  await start({ file: own, maxWorkers: 2, keepAlive: 60_000, startPatienceMs: 500 });
  writeFileSync(`${own}.broken`, 'process.exit(7)');
  renameSync(`${own}.broken`, own);
  const [running, waiting] = [faultTask('hangLong'), faultTask('hangLong')];
  pool.pool.execute([running, waiting]);
  expect((await pool.reportOf(waiting)).outcome).toEqual({ kind: 'handedBack' });
  expect(pool.pool.snapshot()).toMatchObject({ busy: 1, waiting: 0, starts: 'ok' });
  expect(pool.pool.room()).toBe(0);
});

describe('stop', () => {
  test('hands back what has not begun, lets the running ones finish, and leaves no process', async () => {
    await start();
    const running = faultTask('wait', { ms: 1_000 });
    const waiting = [faultTask('wait', { ms: 300 }), faultTask('wait', { ms: 300 })];
    pool.pool.execute([running, ...waiting]);
    const pid = await pool.begun(running);
    const stopped = pool.pool.stop(5_000);
    // At once: another role need not wait for the end of the running one.
    await eventually(() => pool.handedBack().length === waiting.length);
    expect(pool.reports.has(running._id)).toBe(false);
    await stopped;
    expect(pool.handedBack().sort()).toEqual(waiting.map(({ _id }) => _id).sort());
    expect(pool.reports.get(running._id)?.outcome.kind).toBe('done');
    expect(isAlive(pid)).toBe(false);
    expect(pool.pool.room()).toBe(0);
  });

  test('hands back short tasks that wait inside the worker', async () => {
    await start();
    for (let n = 0; n < 20; n += 1) await pool.run('noop', { n });
    const tasks = Array.from({ length: 2_000 }, (_, n) => faultTask('noop', { n }));
    pool.pool.execute(tasks);
    await pool.pool.stop(5_000);
    const done = tasks.filter(({ _id }) => pool.reports.get(_id)?.outcome.kind === 'done').length;
    expect(pool.handedBack().length).toBeGreaterThan(0);
    expect(pool.handedBack().length + done).toBe(2_000);
  });

  test('says what it waits for, and hands it back at once when it is told to', async () => {
    await start();
    const task = faultTask('stopOnSignalLong');
    pool.pool.execute([task]);
    await pool.begun(task);
    const cut = new AbortController();
    const stopped = pool.pool.stop(3_600_000, cut.signal); // the test would not live to see its end
    expect(pool.saidOf('role.waits')).toEqual([{ tasks: 'stopOnSignalLong (1)', forMs: 3_600_000 }]);
    cut.abort();
    await stopped;
    expect(pool.handedBack()).toEqual([task._id]);
  });

  test('aborts what does not end in time and hands it back, then kills what does not even stop', async () => {
    await start({ maxWorkers: 3 });
    const tasks = [faultTask('stopOnSignalLong'), faultTask('hangLong'), faultTask('blockLoopLong', { ms: 60_000 })];
    pool.pool.execute(tasks);
    const pids = await Promise.all(tasks.map(task => pool.begun(task)));
    await pool.pool.stop(1_000);
    expect(pool.handedBack().sort()).toEqual(tasks.map(({ _id }) => _id).sort());
    expect(pool.reports.size).toBe(tasks.length);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test('gives the same answer twice', async () => {
    await start();
    expect(pool.pool.stop(1_000)).toBe(pool.pool.stop(1_000));
    await pool.pool.stop(1_000);
    expect(pool.handedBack()).toEqual([]);
  });
});

test('options out of range are refused by name', () => {
  expect(() => create({ maxWorkers: 0, niceness: 20, keepAlive: 'never' as never })).toThrow(
    /maxWorkers: 0 is not a whole number from 1[\s\S]*niceness: 20 is not[\s\S]*keepAlive: "never" is neither 'always' nor/,
  );
});
