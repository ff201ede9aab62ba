import { setTimeout as wait } from 'node:timers/promises';
import { Collection } from 'mongodb';
import type { Cron } from '../../../packages/synced-cron/cron';
import type { Entry } from '../../../packages/synced-cron/entry';
import { Crons } from '../../support/cron';
import { eventually } from '../../support/eventually';
import { FakeClock } from '../../support/fake-clock';

const minute = 60_000;
const noon = Date.parse('2025-06-02T12:00:00Z');

let crons: Crons;
/** As minutes past twelve: what is left out, and what has run, the newest last. */
let leftOutUntil: number;
let ran: number[];
/** How often a cron has asked. */
let asked: number;
beforeAll(async () => {
  crons = await Crons.open();
});
beforeEach(() => {
  [leftOutUntil, ran, asked] = [Number.NEGATIVE_INFINITY, [], 0];
});
afterEach(() => crons.clear());
afterAll(() => crons.close());

const answers = async () => {
  asked += 1;
  return noon + leftOutUntil * minute;
};

/** A process of a host that leaves out occurrences, half a minute behind one, with an entry for every minute. */
async function start(minutes: number, policy: Partial<Entry> = {}, leftOut: Cron['_leftOutUntil'] = answers) {
  const clock = new FakeClock(noon + minutes * minute);
  const cron = crons.add({}, clock);
  if (leftOut) cron._leftOutUntil = leftOut;
  const job = (at: Date) => ran.push((at.getTime() - noon) / minute);
  cron.add({ name: 'job', schedule: parser => parser.text('every 1 minute'), job, ...policy });
  await cron.start();
  return { clock, cron };
}

/** An occurrence falls due, and the cron has dealt with it when it has asked. */
async function leaveOut(clock: FakeClock): Promise<void> {
  const before = asked;
  await clock.pass(minute);
  await eventually(() => asked > before);
}

const ranAre = (...minutes: number[]) => eventually(() => String(ran) === String(minutes));
const recorded = async () =>
  (await crons.history('job')).map(({ intendedAt }) => (intendedAt.getTime() - noon) / minute);

test('an occurrence that the host leaves out does not run, has no record, and is not mentioned', async () => {
  const { clock } = await start(0.5);
  leftOutUntil = Number.POSITIVE_INFINITY;
  for (let n = 0; n < 3; n += 1) await leaveOut(clock);
  leftOutUntil = 3;
  await clock.pass(minute);
  await ranAre(4);
  await eventually(async () => (await recorded()).length === 1);
  expect(await recorded()).toEqual([4]);
  expect(crons.said.filter(({ about }) => about.event === 'skipped')).toEqual([]);
});

test('a run by hand is not left out', async () => {
  const { cron } = await start(0.5);
  leftOutUntil = Number.POSITIVE_INFINITY;
  expect(await cron.run('job')).toMatchObject({ status: 'finished' });
  expect(asked).toBe(0);
});

test.each(['once', 'all'] as const)(
  "what was left out is not made up for, with missedRuns '%s' neither",
  async policy => {
    const { clock, cron } = await start(0.5, { missedRuns: policy });
    await clock.pass(minute);
    await ranAre(1);
    leftOutUntil = Number.POSITIVE_INFINITY;
    for (let n = 0; n < 3; n += 1) await leaveOut(clock);
    await cron.stop();
    // From here on no process is there. It is resumed behind the sixth occurrence: the seventh and the eighth are missed.
    leftOutUntil = 6.2;
    const { clock: later } = await start(8.5, { missedRuns: policy });
    const missed = policy === 'once' ? [8] : [7, 8];
    await ranAre(1, ...missed);
    await later.pass(minute);
    await ranAre(1, ...missed, 9);
  },
);

test('the end of a process waits until it is marked what has been left out', async () => {
  const marks = crons.database.db.collection<{ _id: string; until: Date }>('cronHistory.marks');
  const isMarked = (minutes: number) => marks.findOne({ until: new Date(noon + minutes * minute) });
  const { clock, cron } = await start(0.5, { missedRuns: 'all' });
  await eventually(() => isMarked(0.5));
  await clock.pass(minute);
  await eventually(() => isMarked(1));
  const { updateOne } = Collection.prototype;
  const slow = jest.spyOn(Collection.prototype, 'updateOne');
  slow.mockImplementation(async function (this: Collection, ...args) {
    if (this.collectionName === marks.collectionName) await wait(200);
    return updateOne.apply(this, args);
  });
  leftOutUntil = Number.POSITIVE_INFINITY;
  await leaveOut(clock);
  await cron.stop();
  slow.mockRestore();
  expect(await isMarked(2)).not.toBeNull();
});

test('a process that starts while an entry is paused makes up for nothing', async () => {
  const { clock, cron } = await start(0.5, { missedRuns: 'all' });
  await clock.pass(minute);
  await ranAre(1);
  await cron.stop();
  leftOutUntil = Number.POSITIVE_INFINITY;
  const { clock: later } = await start(8.5, { missedRuns: 'all' });
  await eventually(() => asked > 0);
  await leaveOut(later);
  expect(crons.messages().filter(message => message.includes('makes up'))).toEqual([]);
  leftOutUntil = 9.1;
  await later.pass(minute);
  await ranAre(1, 10);
});

test('an entry of each process, without a history, is left out as well', async () => {
  const { clock } = await start(0.5, { persist: false });
  leftOutUntil = Number.POSITIVE_INFINITY;
  await leaveOut(clock);
  leftOutUntil = 1;
  await clock.pass(minute);
  await ranAre(2);
});

test('while the host can not say whether it is left out, an occurrence waits', async () => {
  let away = true;
  const { clock } = await start(0.5, {}, async () => {
    asked += 1;
    if (away) throw new Error('no database');
    return Number.NEGATIVE_INFINITY;
  });
  await leaveOut(clock);
  expect(ran).toEqual([]);
  away = false;
  await ranAre(1);
});
