import type { Entry } from '../../../packages/synced-cron/entry';
import { Log } from '../../../packages/synced-cron/log';
import type { Options } from '../../../packages/synced-cron/options';
import { keepLease } from '../../../packages/synced-cron/run/claim';
import { Leases } from '../../../packages/synced-cron/store/leases';
import { within } from '../../../packages/synced-cron/store/within';
import { brokenDatabase } from '../../support/broken-database';
import { Crons } from '../../support/cron';
import { eventually } from '../../support/eventually';
import { FakeClock } from '../../support/fake-clock';

const minute = 60_000;
const noon = new Date('2025-06-02T12:00:00Z');
const everyMinute: Entry['schedule'] = parser => parser.text('every 1 minute');

let crons: Crons;
beforeAll(async () => {
  crons = await Crons.open();
});
const gates = new Set<() => void>();
afterEach(() => {
  for (const open of gates) open();
  return crons.clear();
});
afterAll(() => crons.close());

/** A job that says when it has begun, and ends when it is told. */
function gated() {
  let open = () => {};
  const gate = new Promise<void>(resolve => {
    open = resolve;
  });
  const begun: Date[] = [];
  const job = async (intendedAt: Date) => {
    begun.push(intendedAt);
    await gate;
  };
  gates.add(() => open());
  return { job, begun, open: () => open() };
}

/** For what goes by the renewal of a lease, or by its end. */
const brief = { leaseSeconds: 1 };

async function startAt(start: number, entry: Partial<Entry>, options: Partial<Options> = {}) {
  const clock = new FakeClock(start);
  const cron = crons.add(options, clock);
  cron.add({ name: 'job', schedule: everyMinute, job: () => {}, ...entry });
  await cron.start();
  return { clock, cron };
}

const finished = async (count: number) => {
  const records = await crons.history('job');
  return records.filter(({ finishedAt }) => finishedAt).length === count ? records : undefined;
};

test('of several processes one runs each occurrence', async () => {
  const runs: number[] = [];
  const job = (intendedAt: Date) => {
    runs.push(intendedAt.getTime());
  };
  const started = await Promise.all([1, 2, 3].map(() => startAt(noon.getTime() - 1, { job })));
  for (let nth = 0; nth < 10; nth++) {
    await Promise.all(started.map(({ clock }) => clock.pass(minute)));
    await eventually(() => finished(nth + 1));
  }
  expect(runs).toEqual(Array.from({ length: 10 }, (_, nth) => noon.getTime() + nth * minute));
});

test('an occurrence gives way to a run that is still at work, in another process as well', async () => {
  const { job, begun, open } = gated();
  const [one, other] = await Promise.all([1, 2].map(() => startAt(noon.getTime() - 1, { job }, brief)));
  await one!.clock.pass(2);
  await eventually(() => begun.length === 1);
  await other!.clock.pass(minute + 2);
  await eventually(() => crons.messages().some(message => message.startsWith('Skipping "job"')));
  open();
  await eventually(() => finished(1));
  expect(begun).toEqual([noon]);
});

test('an occurrence that finds the last run about to end follows it', async () => {
  const { job, begun, open } = gated();
  const { clock } = await startAt(noon.getTime() - 1, { job });
  await clock.pass(2);
  await eventually(() => begun.length === 1);
  await clock.pass(minute);
  open();
  await eventually(() => finished(2));
});

test('an occurrence that others always get ahead of gives way in the end', async () => {
  // None of them is at work for so long that it renews its lease, as where a job is a bit slower than its schedule.
  const now = Date.now();
  const [since, until] = [new Date(now), new Date(now + 60_000)];
  const intendedAt = new Date(noon.getTime() - minute);
  await crons.leases().insertOne({ _id: 'job', name: 'job', intendedAt, token: 't', owner: 'o:1', since, until });
  const { clock } = await startAt(noon.getTime() - 1, {});
  let passed = performance.now();
  const time = jest.spyOn(performance, 'now').mockImplementation(() => (passed += 30_000));
  await clock.pass(2);
  await eventually(() => crons.messages().some(message => message.startsWith('Skipping "job"')));
  time.mockRestore();
});

test('with allowParallelExecution runs overlap', async () => {
  const { job, begun, open } = gated();
  const { clock } = await startAt(noon.getTime() - 1, { job, allowParallelExecution: true });
  await clock.pass(2 * minute);
  await eventually(() => begun.length === 2);
  open();
  await eventually(() => finished(2));
});

test('a run that exceeds its timeout no longer holds up the next', async () => {
  const { job, begun, open } = gated();
  const { clock } = await startAt(noon.getTime() - 1, { job, timeoutToConsiderRunningForParallelExecution: 1 });
  await clock.pass(2);
  await eventually(() => begun.length === 1);
  await clock.pass(minute);
  await eventually(() => begun.length === 2);
  open();
  await eventually(() => finished(2));
});

test('a renewal that the database never answers is followed by another one before the lease is over', async () => {
  const { db } = crons.database;
  const leasesOn = (one: typeof db) => new Leases(one.collection('cronHistory.leases'), 4_000, within(2_000));
  const expired: unknown[] = [];
  let calls = 0;
  const broken = brokenDatabase(db, 'updateOne', () => {
    calls++;
    if (calls === 1) return undefined; // takes the lease
    if (calls === 2) return new Promise(() => {});
    return leasesOn(db)
      .look('job')
      .then(lease => ({ matchedCount: expired.push(lease?.expired) }));
  });
  const leases = leasesOn(broken);
  const token = (await leases.acquire({ key: 'job', name: 'job', intendedAt: noon }))!;
  const record = { _id: 'run', name: 'job', intendedAt: noon, startedAt: noon };
  const release = keepLease(leases, { key: 'job', token, record }, new Log(() => ({ log: false, logger: null })));
  await eventually(() => expired.length > 0);
  await release();
  expect(expired[0]).toBe(false);
});

test('a run at work keeps its lease for as long as it takes', async () => {
  const { job, begun, open } = gated();
  const { clock } = await startAt(noon.getTime() - 1, { job }, brief);
  await clock.pass(2);
  await eventually(() => begun.length === 1);
  const lease = () => crons.leases().findOne({ _id: 'job' });
  const first = await eventually(lease);
  const last = await eventually(async () => {
    const seen = await lease();
    return seen && seen.until.getTime() > first.until.getTime() + 1200 ? seen : undefined;
  });
  expect(last.token).toBe(first.token);
  open();
  await eventually(async () => (await crons.leases().countDocuments()) === 0);
});

describe('a process that died', () => {
  /** What a process leaves that died at a run of noon: its lease ends in so many ms. */
  async function leftBehind(leaseMs: number, record?: object): Promise<void> {
    const now = Date.now();
    const [since, until] = [new Date(now - 1000), new Date(now + leaseMs)];
    await crons
      .leases()
      .insertOne({ _id: 'job', name: 'job', intendedAt: noon, token: 't', owner: 'gone:1', since, until });
    if (record)
      await crons.records().insertOne({ _id: 'r', name: 'job', intendedAt: noon, startedAt: noon, ...record });
  }

  test('in mid-job has its run run again, and the history shows it', async () => {
    await leftBehind(300, {});
    await startAt(noon.getTime() + 5000, { job: () => 'again' }, brief);
    const [record] = await eventually(() => finished(1));
    expect(record).toMatchObject({ _id: 'r', intendedAt: noon, startedAt: noon, attempts: 2, result: 'again' });
    expect(record!.restartedAt).toBeInstanceOf(Date);
    expect(crons.messages()).toContain('Running "job" again: gone:1 died at it.');
  });

  test('before it recorded the run has it run all the same', async () => {
    await leftBehind(0);
    await startAt(noon.getTime() + 5000, {}, brief);
    const [record] = await eventually(() => finished(1));
    expect(record).toMatchObject({ intendedAt: noon });
    expect(record).not.toHaveProperty('attempts');
  });

  test('after it recorded the end has nothing run again', async () => {
    await leftBehind(0, { finishedAt: noon, result: 'done' });
    await startAt(noon.getTime() + 5000, { job: () => 'again' }, brief);
    await eventually(async () => (await crons.leases().countDocuments()) === 0);
    expect(await crons.history('job')).toMatchObject([{ result: 'done' }]);
  });

  test('does not keep the next occurrence from running', async () => {
    await leftBehind(500, {});
    const { clock } = await startAt(noon.getTime() + minute - 1, {}, brief);
    await clock.pass(2);
    const records = await eventually(() => finished(2));
    expect(records.map(({ attempts }) => attempts)).toEqual([2, undefined]);
  });

  test('and two more at the same run: it is not run a fourth time', async () => {
    await leftBehind(0, { attempts: 3 });
    await startAt(noon.getTime() + 5000, { job: () => 'again' }, brief);
    const [record] = await eventually(() => finished(1));
    expect(record).toMatchObject({ error: 'not run again: 3 processes died at it' });
  });

  test('of many survivors one runs its run again', async () => {
    await leftBehind(0, {});
    let runs = 0;
    const job = () => {
      runs++;
    };
    await Promise.all([1, 2, 3].map(() => startAt(noon.getTime() + 5000, { job }, { leaseSeconds: 3 })));
    await eventually(() => finished(1));
    await eventually(async () => (await crons.leases().countDocuments()) === 0);
    expect(runs).toBe(1);
  });
});

test('who was taken for dead does not write over the record of the one who took over', async () => {
  const slow = gated();
  const { clock, cron } = await startAt(noon.getTime() - 1, { job: slow.job });
  await clock.pass(2);
  await eventually(() => slow.begun.length === 1);
  void cron.pause(); // or it would be the first to see what it has lost
  await crons.leases().updateOne({ _id: 'job' }, { $set: { until: new Date(Date.now() - 1), token: 'lost' } });
  await startAt(noon.getTime() + 5000, { job: () => 'second' }, brief);
  await eventually(() => finished(1));
  slow.open();
  await eventually(() => crons.messages().some(message => message.includes('was run by another process as well')));
  expect(await crons.history('job')).toMatchObject([{ attempts: 2, result: 'second' }]);
});

describe('run(name)', () => {
  test('runs an entry at once, also of a cron that is not started, and gives what became of it', async () => {
    const cron = crons.add();
    cron.add({ name: 'job', schedule: parser => parser.text('at 3:00'), job: () => 'now' });
    expect(await cron.run('job')).toMatchObject({ status: 'finished', result: 'now' });
    expect(await crons.history('job')).toMatchObject([{ result: 'now' }]);
  });

  test('does not take the place of the occurrence of the same second', async () => {
    const { clock, cron } = await startAt(noon.getTime(), {});
    await Promise.all([cron.run('job'), clock.pass(2)]);
    const records = await eventually(() => finished(2));
    expect(records.map(({ intendedAt }) => intendedAt.getTime() - noon.getTime())).toEqual([0, 1]);
  });

  test('does not run beside a run that is at work', async () => {
    const { job, begun, open } = gated();
    const { clock, cron } = await startAt(noon.getTime() - 1, { job }, brief);
    await clock.pass(2);
    await eventually(() => begun.length === 1);
    expect(await cron.run('job')).toMatchObject({ status: 'skipped', reason: 'busy' });
    open();
  });

  test('gives the error of a job that fails', async () => {
    const cron = crons.add();
    const error = new Error('no luck');
    cron.add({ name: 'job', schedule: everyMinute, job: () => Promise.reject(error) });
    expect(await cron.run('job')).toMatchObject({ status: 'failed', error });
  });

  test('names the entries that there are', async () => {
    const cron = crons.add();
    cron.add({ name: 'job', schedule: everyMinute, job: () => {} });
    await expect(cron.run('jbo')).rejects.toThrow('there is no entry "jbo", did you mean job?; there are: job');
  });
});
