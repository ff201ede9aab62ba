import type { Entry } from '../../../packages/synced-cron/entry';
import type { Options } from '../../../packages/synced-cron/options';
import { Crons } from '../../support/cron';
import { eventually } from '../../support/eventually';
import { FakeClock } from '../../support/fake-clock';

const minute = 60_000;
const noon = Date.parse('2025-06-02T12:00:00Z');

let crons: Crons;
beforeAll(async () => {
  crons = await Crons.open();
});
afterEach(() => crons.clear());
afterAll(() => crons.close());

const at = (minutes: number) => new Date(noon + minutes * minute);

/** A cron that starts half a minute behind five past twelve, with an entry for every minute. */
async function startedLate(policy: Partial<Entry>, minutes = 5.5, options: Partial<Options> = {}) {
  const clock = new FakeClock(noon + minutes * minute);
  const cron = crons.add(options, clock);
  cron.add({ name: 'job', schedule: parser => parser.text('every 1 minute'), job: () => {}, ...policy });
  await cron.start();
  return { clock, cron };
}

async function startLate(policy: Partial<Entry>): Promise<FakeClock> {
  return (await startedLate(policy)).clock;
}

const lastRan = (minutes: number) =>
  crons.records().insertOne({
    _id: `r${minutes}`,
    name: 'job',
    intendedAt: at(minutes),
    startedAt: at(minutes),
    finishedAt: at(minutes),
  });

/** When the entry has run, once it has by schedule again: all that was missed is decided by then. */
async function runsAfterNext(clock: FakeClock, count: number): Promise<number[]> {
  // While one is still being made up for, the next by schedule would find the entry busy.
  await eventually(async () => (await finished()).length === count - 1);
  await clock.pass(minute);
  await eventually(async () => (await finished()).length === count);
  return finished();
}

/** The minutes past twelve of all runs that have ended. */
async function finished(): Promise<number[]> {
  const records = (await crons.history('job')).filter(({ finishedAt }) => finishedAt);
  return records.map(({ intendedAt }) => (intendedAt.getTime() - noon) / minute);
}

const marks = () => crons.database.db.collection<{ _id: string; until: Date }>('cronHistory.marks');

/** The mark follows the run: one that is still to be written would come after whatever a test does next. */
const marked = (minutes: number) =>
  eventually(async () => (await marks().findOne({ _id: 'job' }))?.until.getTime() === at(minutes).getTime());

test('are skipped by default', async () => {
  await lastRan(0);
  expect(await runsAfterNext(await startLate({}), 2)).toEqual([0, 6]);
});

test("with 'once' the newest is made up for", async () => {
  await lastRan(0);
  expect(await runsAfterNext(await startLate({ missedRuns: 'once' }), 3)).toEqual([0, 5, 6]);
});

test('are not forgotten when the next run by schedule is quicker than the look at what was missed', async () => {
  await lastRan(0);
  await lastRan(6);
  await startLate({ missedRuns: 'once' });
  await eventually(async () => String(await finished()) === '0,5,6');
});

test("with 'all' each is made up for, oldest first", async () => {
  await lastRan(0);
  const order: number[] = [];
  const job = (intendedAt: Date) => {
    order.push((intendedAt.getTime() - noon) / minute);
  };
  const clock = await startLate({ missedRuns: 'all', job });
  await eventually(() => order.length === 5);
  expect(order).toEqual([1, 2, 3, 4, 5]);
  expect(await runsAfterNext(clock, 7)).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test("with 'all' the newest up to the limit are", async () => {
  await lastRan(0);
  expect(await runsAfterNext(await startLate({ missedRuns: 'all', missedRunsLimit: 2 }), 4)).toEqual([0, 4, 5, 6]);
});

test('a new entry has missed nothing', async () => {
  expect(await runsAfterNext(await startLate({ missedRuns: 'all' }), 1)).toEqual([6]);
});

test('several processes that start at once make up for each once', async () => {
  await lastRan(0);
  const clocks = await Promise.all([1, 2, 3].map(() => startLate({ missedRuns: 'all' })));
  expect(await runsAfterNext(clocks[0]!, 7)).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test('that a pause left over are made up for at the next start, whatever has come meanwhile', async () => {
  await lastRan(0);
  let release = () => {};
  const gate = new Promise<void>(resolve => {
    release = resolve;
  });
  const begun: Date[] = [];
  const job = (intendedAt: Date) => {
    begun.push(intendedAt);
    return gate;
  };
  const { clock, cron } = await startedLate({ missedRuns: 'all', job }, 5.5, { leaseSeconds: 1 });
  await eventually(() => begun.length === 1);
  await clock.pass(minute);
  await eventually(() => crons.messages().some(message => message.startsWith('Skipping "job"')));
  const paused = cron.pause();
  release();
  await paused;
  await startedLate({ missedRuns: 'all' }, 6.5);
  await eventually(async () => (await finished()).length === 7);
  expect(await finished()).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test('while no database could be reached are made up for when it can', async () => {
  const { clock } = await startedLate({ missedRuns: 'once' });
  await eventually(() => marks().findOne({ _id: 'job' }));
  crons.away = new Error('no database');
  await clock.pass(minute);
  await eventually(() => crons.messages().includes('Can\'t start "job" (no database): trying again.'));
  const passed = performance.now() + 60_001;
  const time = jest.spyOn(performance, 'now').mockImplementation(() => passed);
  await eventually(() => crons.messages().some(message => message.startsWith('Gave up starting "job"')));
  time.mockRestore();
  crons.away = undefined;
  await eventually(async () => (await finished()).length === 1);
  expect(await finished()).toEqual([6]);
});

test('are known when the history has expired as well', async () => {
  const clock = await startLate({ missedRuns: 'once' });
  expect(await runsAfterNext(clock, 1)).toEqual([6]);
  await marked(6);
  await crons.records().deleteMany({});
  const later = new FakeClock(noon + 9.5 * minute);
  const cron = crons.add({}, later);
  cron.add({ name: 'job', schedule: parser => parser.text('every 1 minute'), job: () => {}, missedRuns: 'once' });
  await cron.start();
  const record = await eventually(async () => (await crons.history('job'))[0]);
  expect(record.intendedAt).toEqual(at(9));
});

test('are no longer counted from a mark of the time before the policy was skip', async () => {
  const clock = await startLate({ missedRuns: 'once' });
  await runsAfterNext(clock, 1);
  await marked(6);
  await startedLate({ missedRuns: 'skip' }, 7.5);
  await eventually(async () => !(await marks().findOne({ _id: 'job' })));
});
