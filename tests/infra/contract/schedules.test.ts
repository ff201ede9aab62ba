import { parseTimes } from '../../../infra/roles/stored-schedules';
import { SchedulesOf } from '../../../infra/schedules/schedules';
import { taskIdOf } from '../../../infra/schedules/stored-schedule';
import { eventually } from '../../support/eventually';
import { TestQueue } from '../../support/queue';
import { MovedClock, TestSchedules } from '../../support/schedules';

let opened: TestQueue;
let test1: TestSchedules;
const clock = new MovedClock();
const others: TestSchedules[] = [];
const schedules = () => test1.schedules;
const stored = () => schedules().store.collection;
const hour = 3_600_000;

beforeEach(async () => {
  clock.offsetMs = 0;
  opened = await TestQueue.open({ clock, signingKeys: ['a key of the tests'] });
  test1 = await TestSchedules.of(opened);
});
afterEach(async () => {
  await Promise.all([test1, ...others.splice(0)].map(one => one.stop()));
  await opened.close();
});

/** Another process on the same database. */
async function elsewhere(special = {}): Promise<TestSchedules> {
  const other = await TestSchedules.of(await opened.elsewhere(special));
  others.push(other);
  return other;
}

const tasks = () => opened.queue.find({}, { sort: { dueDate: 1 } }).fetchAsync();
const put = (schedule: object) => schedules().put(schedule as never);
const ping = { taskType: 'ping', data: { n: 1 } } as const;

test('what is wrong with a schedule is refused at compile time and at run time, all of it at once', async () => {
  // @ts-expect-error no such type
  await expect(schedules().put({ name: 'a', every: 1_000, taskType: 'pnig' })).rejects.toThrow('did you mean ping?');
  // @ts-expect-error rows is missing
  await expect(schedules().put({ name: 'a', every: 1_000, taskType: 'strict', data: {} })).rejects.toThrow('rows');
  // @ts-expect-error two that say when
  await expect(schedules().put({ name: 'a', every: 1_000, cron: '* * * * *', ...ping })).rejects.toThrow('here are 2');
  const wrong = {
    name: '',
    every: 5,
    jitter: -1,
    missedRuns: 'never',
    paused: 1,
    until: 'x',
    data: { n: 'x' },
    jiter: 1,
  };
  const error: Error = await put({ ...wrong, taskType: 'ping' }).catch(thrown => thrown);
  for (const problem of [
    'name: "" is not a text of 1 to 200 characters',
    'every: 5 is not a whole number of milliseconds from 1000',
    'jitter: -1 is not a whole number',
    'missedRuns: "never" is none of "skip", "once", "all"',
    'paused: 1 is none of true, false',
    'until: "x" is not a valid Date',
    'ping.data.n: "x" (string) is not of type Number',
    'jiter: unknown field of a schedule, did you mean jitter?',
  ])
    expect(error.message).toContain(problem);
  await expect(put({ name: 'a', text: 'evry day', ...ping })).rejects.toThrow("doesn't parse");
  await expect(put({ name: 'a', cron: '61 * * * *', ...ping })).rejects.toThrow('61');
  await expect(put({ name: 'a', text: 'at 2:30 am', timezone: 'Mars/Base', ...ping })).rejects.toThrow('Mars/Base');
  await expect(put({ name: 'a', every: 1_000, timezone: 'UTC', ...ping })).rejects.toThrow('timezone: has no effect');
  await expect(put({ name: 'a', taskType: 'ping' })).rejects.toThrow('cron, text, every: give one of them');
  expect(await stored().countDocuments()).toBe(0);
});

test('cron, text and every say when, in a time zone, and the next run is told', async () => {
  const until = new Date(Date.now() + 400 * 86_400_000);
  const cron = await schedules().put({ name: 'a', cron: '30 2 * * *', timezone: 'Asia/Tokyo', until, ...ping });
  expect([cron.nextAt?.getUTCHours(), cron.nextAt?.getUTCMinutes()]).toEqual([17, 30]);
  const text = await schedules().put({ name: 'b', text: 'at 2:30 am', ...ping });
  expect([text.nextAt?.getUTCHours(), text.nextAt?.getUTCMinutes()]).toEqual([2, 30]);
  const every = await schedules().put({ name: 'c', every: hour, ...ping });
  expect(Number(every.nextAt) - Number(every.createdAt)).toBe(hour);
  expect(await schedules().list()).toEqual([cron, text, every]);
  expect(await schedules().list({ after: 'a', limit: 1 })).toEqual([text]);
  expect(await schedules().list({ prefix: 'c' })).toEqual([every]);
  expect(await schedules().list({ taskType: 'strict' })).toEqual([]);
});

test('putting the same again keeps the next run and a pause; another time begins from now', async () => {
  const first = await schedules().put({ name: 'a', every: hour, ...ping });
  clock.offsetMs = 1_000;
  const second = await schedules().put({ name: 'a', every: hour, taskType: 'ping', data: { n: 2 } });
  expect(second).toMatchObject({ nextAt: first.nextAt, createdAt: first.createdAt, data: { n: 2 } });
  expect(await schedules().pause('a')).toBe(true);
  expect(await schedules().put({ name: 'a', every: hour, ...ping })).toMatchObject({ paused: true });
  expect(await schedules().list({ paused: true })).toHaveLength(1);
  expect((await schedules().list())[0]).not.toHaveProperty('nextAt');
  expect(await schedules().put({ name: 'a', every: hour, paused: false, ...ping })).toMatchObject({
    nextAt: first.nextAt,
  });
  const changed = await schedules().put({ name: 'a', every: 2 * hour, ...ping });
  expect(Number(changed.nextAt)).toBe(Number(first.createdAt) + 2 * hour);
  expect(await schedules().remove('a')).toBe(true);
  expect([await schedules().remove('a'), await schedules().pause('a'), await schedules().resume('a')]).toEqual([
    false,
    false,
    false,
  ]);
  await expect(schedules().pause(undefined as never)).rejects.toThrow('pause: undefined is not the name of a schedule');
});

test('of changes from many processes at once none is written half', async () => {
  const other = await elsewhere();
  const puts = Array.from({ length: 12 }, (_, n) =>
    [schedules(), other.schedules][n % 2]!.put({
      name: 'a',
      ...(n % 3 ? { every: (n + 1) * hour } : { text: `at ${(n % 12) + 1}:30 am` }),
      taskType: 'ping',
      data: { n },
    } as never),
  );
  await Promise.all(puts);
  const [{ data, every, text, nextAt } = {} as never] = await schedules().list();
  const { n } = data as { n: number };
  expect([every, text]).toEqual(n % 3 ? [(n + 1) * hour, undefined] : [undefined, `at ${(n % 12) + 1}:30 am`]);
  const document = await stored().findOne({});
  expect(schedules().timetables.of(document!).next(Date.now())).toBe(Number(nextAt));
});

test('what is put in one process is run at once by the jobs roles, once, and its runs are remembered', async () => {
  const other = await elsewhere();
  await test1.run();
  await other.run();
  await opened.role({ ping: () => 'pong' });
  const web = await elsewhere();
  await web.schedules.put({ name: 'tick', every: 1_000, ...ping });
  const runs = await eventually(
    async () => {
      const found = await web.schedules.runs('tick');
      return found.filter(({ state }) => state === 'done').length > 2 ? found : undefined;
    },
    { timeoutMs: 25_000 },
  );
  const { createdAt } = (await schedules().list())[0]!;
  for (const { intendedAt, taskId, addedAt } of runs) {
    expect((Number(intendedAt) - Number(createdAt)) % 1_000).toBe(0);
    expect(Number(addedAt)).toBeGreaterThanOrEqual(Number(intendedAt));
    expect(taskId).toBe(taskIdOf('tick', intendedAt));
    expect(await opened.queue.findOne(taskId)).toMatchObject({ dueDate: intendedAt, data: { n: 1 } });
  }
  // One record for each run, although two roles look.
  expect(new Set(runs.map(({ taskId }) => taskId)).size).toBe(runs.length);
  await web.schedules.pause('tick');
  await test1.stop();
  await other.stop();
  const count = await opened.queue.find().countAsync();
  expect(await stored().findOne({ dueAt: { $exists: true } })).toBeNull();
  expect((await web.schedules.runs('tick')).length).toBe(count);
});

test('thirty runs are remembered, the newest first', async () => {
  await schedules().put({ name: 'a', every: 1_000, missedRuns: 'all', ...ping });
  clock.offsetMs = 40_500;
  await test1.run();
  const runs = await eventually(async () => {
    const found = await schedules().runs('a');
    return found.length === 30 ? found : undefined;
  });
  expect((await tasks()).length).toBeGreaterThanOrEqual(40);
  const times = runs.map(({ intendedAt }) => Number(intendedAt));
  expect(times).toEqual([...times].sort((a, b) => b - a));
});

test.each([
  ['skip', 0],
  ['once', 1],
  ['all', 4],
] as const)('after an outage missedRuns %s makes up for %i runs', async (missedRuns, count) => {
  await schedules().put({ name: 'a', every: hour, missedRuns, ...ping });
  clock.offsetMs = 4 * hour + 120_000;
  await test1.run();
  const next = Number((await schedules().list())[0]!.createdAt) + 5 * hour;
  await eventually(async () => Number((await schedules().list())[0]!.nextAt) === next);
  expect(await tasks()).toHaveLength(count);
  expect(await schedules().runs('a')).toHaveLength(count);
  await eventually(() => opened.named('schedule.missed').length > 0);
  expect(opened.named('schedule.missed').map(({ fields }) => fields)).toEqual([{ count: 1 }]);
});

test('the last run is at `until`, and a paused schedule makes up for nothing', async () => {
  const until = new Date(Date.now() + hour + 1_000);
  await schedules().put({ name: 'ends', every: hour, until, ...ping });
  await schedules().put({ name: 'rests', every: hour, missedRuns: 'all', ...ping });
  await schedules().pause('rests');
  clock.offsetMs = hour + 2_000;
  await test1.run();
  await eventually(async () => (await tasks()).length === 1);
  await eventually(async () => !(await schedules().list())[0]!.nextAt);
  await schedules().resume('rests');
  expect(Number((await schedules().list())[1]!.nextAt)).toBeGreaterThan(Number(clock.now()));
  expect((await tasks()).map(({ _id }) => _id.split(':')[1])).toEqual(['ends']);
});

describe('a role that dies', () => {
  const died = async (adds: boolean) => {
    await schedules().put({ name: 'a', every: hour, ...ping });
    clock.offsetMs = hour + 1;
    const claim = { claim: 'of the dead', claimMs: 100, limit: 10 };
    const [claimed] = await schedules().store.claim([{ taskType: 'ping', version: 1 }], clock.now(), claim);
    const { intendedAt } = claimed!;
    const _id = taskIdOf('a', intendedAt!);
    if (adds) await opened.queue.addTask({ ...ping, _id, once: true, dueDate: intendedAt! });
    return _id;
  };

  test.each([true, false])(
    'in mid-batch (task added: %s) leaves its runs to another, which adds each once',
    async adds => {
      const _id = await died(adds);
      // A run that was begun was not missed.
      clock.offsetMs = hour + 30 * 60_000;
      await test1.run();
      await eventually(async () => (await schedules().runs('a')).length === 1);
      expect((await tasks()).map(task => task._id)).toEqual([_id]);
      // The dead one wakes up: what it has claimed is no longer its own.
      const schedule = (await stored().findOne({ _id: 'a' }))!;
      await schedules().store.advance('of the dead', [{ schedule, runs: [], problem: 'late' }]);
      expect(await stored().findOne({ _id: 'a' })).toEqual(schedule);
    },
  );
});

test('a claim that another role holds is waited for, and its schedules are run when it is over', async () => {
  await schedules().put({ name: 'a', every: hour, ...ping });
  clock.offsetMs = hour + 1;
  await schedules().store.claim([{ taskType: 'ping', version: 1 }], clock.now(), {
    claim: 'of a slow one',
    claimMs: 1_500,
    limit: 10,
  });
  await test1.run();
  await eventually(async () => (await schedules().runs('a')).length === 1, { timeoutMs: 15_000 });
});

test('a schedule that somebody wrote or changed without the key stops, and says why', async () => {
  await schedules().put({ name: 'changed', every: hour, ...ping });
  await schedules().put({ name: 'genuine', every: hour, ...ping });
  await stored().updateOne({ _id: 'changed' }, { $set: { 'data.n': 7 } });
  const genuine = (await stored().findOne({ _id: 'genuine' }))!;
  await stored().insertOne({ ...genuine, _id: 'copied' });
  await stored().insertOne({ _id: 'nonsense', taskType: 'ping', dueAt: new Date(0) } as never);
  clock.offsetMs = hour + 1_000;
  await test1.run();
  await eventually(async () => (await schedules().list()).filter(({ problem }) => problem).length === 3);
  await eventually(async () => (await tasks()).length === 1);
  expect((await tasks())[0]!._id).toMatch(/^schedule:genuine:/);
  await eventually(() => opened.named('schedule.stopped').length === 3);
  expect(
    opened
      .named('schedule.stopped')
      .map(({ fields }) => fields.schedule)
      .sort(),
  ).toEqual(['changed', 'copied', 'nonsense']);
  const again = await schedules().put({ name: 'changed', every: hour, ...ping });
  expect(again.problem).toBeUndefined();
  expect(again.nextAt).toBeDefined();
});

test('a schedule whose task the catalog no longer takes holds up no other, and its runs say why', async () => {
  await schedules().put({ name: 'bad', every: hour, taskType: 'strict', data: { rows: 1 } });
  await schedules().put({ name: 'good', every: hour, ...ping });
  const { signer } = opened.queue.core;
  const { signedPart } = await import('../../../infra/schedules/stored-schedule');
  const bad = { ...(await stored().findOne({ _id: 'bad' }))!, data: { rows: 0 } };
  await stored().replaceOne({ _id: 'bad' }, { ...bad, signature: signer.signRecord('schedule', signedPart(bad)) });
  clock.offsetMs = hour + 1_000;
  await test1.run();
  await eventually(async () => (await tasks()).length === 1);
  const run = await eventually(async () => (await schedules().runs('bad'))[0]);
  expect(run).toMatchObject({ problem: 'strict.data.rows: 0 is below 1' });
  expect(run).not.toHaveProperty('state');
  expect((await schedules().list())[0]!.nextAt).toBeDefined();
});

test('a type that this role does not know is left to another version, with a warning', async () => {
  await schedules().put({ name: 'a', every: hour, ...ping });
  await stored().updateOne({}, { $set: { taskType: 'ofTomorrow' } });
  clock.offsetMs = hour + 61_000;
  await test1.run();
  await eventually(() => opened.named('schedule.unknownType').length > 0);
  expect(opened.named('schedule.unknownType')[0]!.fields).toEqual({ schedule: 'a', taskType: 'ofTomorrow' });
  expect((await stored().findOne({}))!.problem).toBeUndefined();
});

test('before they are connected they say so', async () => {
  const early = new SchedulesOf();
  await expect(early.put({ name: 'a', every: 1_000, taskType: 'ping' } as never)).rejects.toThrow('not connected yet');
  expect(() => parseTimes({ name: 'a', text: '', timezone: 'UTC' })).toThrow('empty');
});
