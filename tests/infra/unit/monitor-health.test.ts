import { Health } from '../../../infra/monitor/health';
import { cached } from '../../../infra/timing/cached';

const identity = { role: 'jobs', version: '1.0.0', commit: 'abc' };
const database = { connected: () => true, latencyMs: () => 0.4 };

describe('the health of a process', () => {
  test('is 503 while it starts and while it drains', async () => {
    const health = new Health({ identity, database });
    expect(await health.report()).toMatchObject({ code: 503, body: { status: 'starting' } });
    health.state = 'draining';
    expect(await health.report()).toMatchObject({ code: 503, body: { status: 'draining' } });
  });

  test('is 200 with role, version, commit, database, queue and workers when it is ready', async () => {
    const health = new Health({
      identity,
      database,
      queueCounts: async () => ({ queued: 3 }),
      workers: () => ({ enabled: true, workers: 2, busy: 1, slots: 2, waiting: 0, starts: 'ok' }),
    });
    health.state = 'ready';
    expect(await health.report()).toEqual({
      code: 200,
      body: {
        status: 'ok',
        ...identity,
        uptimeSeconds: expect.any(Number),
        database: { connected: true, latencyMs: 0.4 },
        queue: { queued: 3 },
        workers: { enabled: true, workers: 2, busy: 1, slots: 2, waiting: 0, starts: 'ok' },
        dispatch: null,
        link: null,
        untakenTypes: null,
      },
    });
  });

  test('is 503 when it is cut off from the database, and asks it nothing', async () => {
    const queueCounts = jest.fn(async () => ({}));
    const health = new Health({ identity, database: { ...database, connected: () => false }, queueCounts });
    health.state = 'ready';
    expect(await health.report()).toMatchObject({ code: 503, body: { status: 'cut off from the database' } });
    expect(queueCounts).not.toHaveBeenCalled();
  });

  test.each([
    ['ends are not written for half a lease', { oldestUnwrittenMs: 15_001 }, 'ends of tasks can not be written'],
    ['claims fail', { claimFailure: 'hint provided does not correspond' }, 'no task can be claimed'],
  ])('is 503 when %s, although the database answers', async (_, trouble, status) => {
    let seen: object = {};
    const fine = { unwritten: 2, oldestUnwrittenMs: 14_999, claimFailure: undefined, mayWaitMs: 15_000 };
    const health = new Health({ identity, database, dispatch: () => ({ ...fine, ...seen }) });
    health.state = 'ready';
    const shown = { unwrittenEnds: 2, oldestUnwrittenSeconds: 15, claims: 'ok' };
    expect(await health.report()).toMatchObject({ code: 200, body: { status: 'ok', dispatch: shown } });
    seen = trouble;
    expect(await health.report()).toMatchObject({ code: 503, body: { status } });
  });

  test('is 503 when no worker can start, although claims succeed', async () => {
    let starts: 'ok' | 'failing' = 'ok';
    const none = { enabled: true, workers: 0, busy: 0, slots: 2, waiting: 1 };
    const health = new Health({ identity, database, workers: () => ({ ...none, starts }) });
    health.state = 'ready';
    expect(await health.report()).toMatchObject({ code: 200, body: { status: 'ok' } });
    starts = 'failing';
    expect(await health.report()).toMatchObject({ code: 503, body: { status: 'no worker can start' } });
  });

  test('answers without counts when they fail', async () => {
    const health = new Health({ identity, database, queueCounts: () => Promise.reject(new Error('no')) });
    health.state = 'ready';
    expect(await health.report()).toMatchObject({ code: 200, body: { queue: null } });
  });

  test('asks for counts once a second, however often it is asked itself', async () => {
    const queueCounts = jest.fn(async () => ({ queued: 1 }));
    const health = new Health({ identity, database, queueCounts });
    health.state = 'ready';
    await Promise.all(Array.from({ length: 50 }, () => health.report()));
    expect(queueCounts).toHaveBeenCalledTimes(1);
  });
});

describe('the readiness of a process', () => {
  test('is that it has started, is not draining and reaches its database, with the work that waits', async () => {
    let isConnected = true;
    const health = new Health({
      identity,
      database: { ...database, connected: () => isConnected },
      queueCounts: async () => ({ queued: 3, running: 2, scheduled: 40 }),
      overdue: async () => 5,
      dispatch: () => ({ unwritten: 0, oldestUnwrittenMs: 0, claimFailure: 'no index', mayWaitMs: 1 }),
    });
    expect(await health.readiness()).toMatchObject({ code: 503, body: { ready: false, status: 'starting' } });
    health.state = 'ready';
    expect(await health.readiness()).toEqual({
      code: 200,
      body: { ready: true, status: 'ok', role: 'jobs', work: 10, queue: { queued: 3, running: 2, scheduled: 40 } },
    });
    isConnected = false;
    const away = { ready: false, status: 'cut off from the database', work: null, queue: null };
    expect(await health.readiness()).toMatchObject({ code: 503, body: away });
    health.state = 'draining';
    expect(await health.readiness()).toMatchObject({ code: 503, body: { status: 'draining' } });
  });
});

describe('an answer that is kept', () => {
  test('is asked for once while it is open, however many give up to wait for it', async () => {
    let answer = (_: string) => {};
    const ask = jest.fn(() => new Promise<string>(resolve => (answer = resolve)));
    const value = cached(ask, { forMs: -1, waitMs: 5 });
    for (let time = 0; time < 3; time += 1) await expect(value()).rejects.toThrow('too late');
    expect(ask).toHaveBeenCalledTimes(1);
    answer('late');
    await new Promise(setImmediate);
    void value().catch(() => {});
    expect(ask).toHaveBeenCalledTimes(2);
  });
});
