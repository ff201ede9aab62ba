import { MongoNetworkError, MongoServerError } from 'mongodb';
import type { Entry } from '../../../packages/synced-cron/entry';
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
afterEach(() => crons.clear());
afterAll(() => crons.close());

/** Runs an entry at noon, and gives its record when the run has ended. */
async function runOnce(entry: Partial<Entry>) {
  const clock = new FakeClock(noon.getTime() - 1);
  const cron = crons.add({}, clock);
  cron.add({ name: 'job', schedule: everyMinute, job: () => {}, ...entry });
  await cron.start();
  await clock.pass(2);
  return eventually(async () => (await crons.history('job')).find(({ finishedAt }) => finishedAt));
}

test('a run is recorded with the fields of the old package and no others', async () => {
  const record = await runOnce({ job: (intendedAt, name) => `${name} at ${intendedAt.toISOString()}` });
  expect(record).toEqual({
    _id: expect.stringMatching(/^\w{17}$/),
    intendedAt: noon,
    name: 'job',
    startedAt: expect.any(Date),
    finishedAt: expect.any(Date),
    result: 'job at 2025-06-02T12:00:00.000Z',
  });
});

test('a job that gives a promise is awaited before it is recorded', async () => {
  const record = await runOnce({ job: () => new Promise(resolve => setImmediate(() => resolve({ sent: 3 }))) });
  expect(record.result).toEqual({ sent: 3 });
});

test('an error is recorded with its stack', async () => {
  const record = await runOnce({ job: async () => Promise.reject(new Error('no paper')) });
  expect(record.error).toMatch(/^Error: no paper\n {4}at /);
  expect(record).not.toHaveProperty('result');
  expect(crons.messages()).toContain('Exception "job" Error: no paper');
});

const throws = () => {
  throw new TypeError('this getter throws');
};
const broken = (field: string) => Object.defineProperty(new Error('no paper'), field, { get: throws });
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const bare = Object.assign(Object.create(null), { code: 7 });
const thrown: [string, unknown, unknown][] = [
  ['an error whose stack throws', broken('stack'), 'Error: no paper'],
  ['an error whose message throws', broken('message'), expect.stringMatching(/^Error: /)],
  ['a Proxy that is revoked', revoked(), expect.any(String)],
  [
    'an object that throws where it is read',
    Object.defineProperty({}, 'x', { get: throws, enumerable: true }),
    expect.any(String),
  ],
  ['an object with an invalid date', { at: new Date(Number.NaN) }, expect.stringContaining('Invalid Date')],
  ['half a sign', 'no \ud83d', 'no \ufffd'],
  ['a text of 17 MB', 'x'.repeat(17_000_000), expect.stringMatching(/^x{1000,20000}…$/)],
  [
    'several reasons',
    new AggregateError([new Error('no paper'), new Error('no ink')]),
    expect.stringContaining('no ink'),
  ],
  ['a text', 'no paper', 'no paper'],
  ['nothing', undefined, 'undefined'],
  ['a symbol', Symbol('no paper'), 'Symbol(no paper)'],
  ['an object without any methods', bare, { code: 7 }],
];

test.each(thrown)('a job may throw %s', async (_what, value, recorded) => {
  const record = await runOnce({ job: () => Promise.reject(value) });
  expect(record.error).toEqual(recorded);
});

test.each(thrown)('its entry goes on, and no lease is left, after a job has thrown %s', async (_what, value) => {
  const clock = new FakeClock(noon.getTime() - 1);
  const cron = crons.add({}, clock);
  let runs = 0;
  const job = () => (++runs === 1 ? Promise.reject(value) : runs);
  cron.add({ name: 'job', schedule: everyMinute, job });
  await cron.start();
  await clock.pass(2);
  await eventually(async () => (await crons.leases().countDocuments()) === 0 && runs === 1);
  await clock.pass(minute);
  const [, next] = await eventually(async () => {
    const records = await crons.history('job');
    return records[1]?.finishedAt ? records : undefined;
  });
  expect(next!.result).toBe(2);
});

const circle: Record<string, unknown> = {};
circle.self = circle;
const unkept: [string, unknown, string][] = [
  ['a circle', circle, 'result.self'],
  ['an invalid date', { shippedAt: new Date('soon') }, 'result.shippedAt: is an invalid date'],
  // biome-ignore lint/suspicious/noSparseArray: it is what is tested
  ['a hole', { list: [1, , 3] }, 'result.list.1: is a hole'],
  ['a name with NUL', { 'a\0b': 1 }, 'hold NUL'],
  ['a name that BSON takes for a type of its own', { _bsontype: 'ObjectId' }, 'result._bsontype'],
  ['a number of more than 64 bits', { n: 2n ** 70n }, 'result.n'],
  ['a Proxy', { inner: new Proxy({}, {}) }, 'result.inner: a Proxy'],
  ['a getter that throws', Object.defineProperty({}, 'x', { get: throws, enumerable: true }), 'result.x'],
  ['17 MB', 'x'.repeat(17_000_000), 'result: more than'],
  ['a function', () => 1, 'result: function'],
];

test.each(unkept)(
  'a result that the history cannot keep leaves a finished run, and a warning where it is: %s',
  async (_what, result, place) => {
    const record = await runOnce({ job: () => result });
    expect(record).not.toHaveProperty('result');
    expect(record).not.toHaveProperty('error');
    const warning = crons.messages().find(message => message.startsWith('What "job" gave can\'t be kept'));
    expect(warning).toContain(place);
  },
);

test('a result is kept in the form in which MongoDB gives it back', async () => {
  const record = await runOnce({
    job: () => ({ text: 'half \ud83d', gone: undefined, $name: 1, 'a.b': [new Date(0)] }),
  });
  expect(record.result).toEqual({ text: 'half \ufffd', $name: 1, 'a.b': [new Date(0)] });
});

test('a result that the collection refuses leaves a finished run and a warning', async () => {
  const { db } = crons.database;
  await db.command({ collMod: 'cronHistory', validator: { result: { $not: { $type: 'object' } } } });
  const record = await runOnce({ job: () => ({ sent: 3 }) });
  await db.command({ collMod: 'cronHistory', validator: {} });
  expect(record).not.toHaveProperty('result');
  expect(crons.messages().some(message => /^What "job" gave can't be kept.*validation/.test(message))).toBe(true);
});

test('a record that has expired while its job ran is written at its end', async () => {
  const record = await runOnce({
    job: async () => {
      await crons.records().deleteMany({});
      return 42;
    },
  });
  expect(record).toMatchObject({ name: 'job', intendedAt: noon, startedAt: expect.any(Date), result: 42 });
  const told = '"job" ran for longer than its record is kept (collectionTTL): it is written anew.';
  await eventually(() => crons.messages().includes(told));
});

const notNow: [string, Error][] = [
  ['no network', new MongoNetworkError('no database')],
  [
    'a bare error of a socket',
    Object.assign(new Error('This socket has been ended by the other party'), { code: 'EPIPE' }),
  ],
  ['an error that nobody knows', new TypeError('Cannot read properties of null')],
  ['a server that shuts down', new MongoServerError({ message: 'shutting down', code: 91 })],
];

test.each(notNow)(
  'a run that ends while the database is away (%s) is recorded, with its result, when it is back',
  async (_what, error) => {
    const record = await runOnce({
      job: () => {
        crons.away = error;
        setTimeout(() => {
          crons.away = undefined;
        }, 100);
        return 42;
      },
    });
    expect(record.result).toBe(42);
    expect(record).not.toHaveProperty('attempts');
    expect(crons.messages().some(message => message.includes("can't be kept"))).toBe(false);
  },
);

test('a run whose end the database never answers is recorded by another call', async () => {
  const clock = new FakeClock(noon.getTime() - 1);
  const cron = crons.add({ leaseSeconds: 4 }, clock);
  const job = () => {
    crons.unanswered = 1;
    return 42;
  };
  cron.add({ name: 'job', schedule: everyMinute, job });
  await cron.start();
  await clock.pass(2);
  const record = await eventually(async () => (await crons.history('job')).find(({ finishedAt }) => finishedAt));
  expect(record.result).toBe(42);
  await eventually(async () => (await crons.leases().countDocuments()) === 0);
});

test('a look at the indexes that the database never answers holds up no run for ever', async () => {
  const clock = new FakeClock(noon.getTime() - 1);
  const cron = crons.add({ leaseSeconds: 4 }, clock);
  cron.add({ name: 'job', schedule: everyMinute, job: () => 42 });
  crons.unanswered = 1;
  const started = cron.start();
  await clock.pass(2);
  await expect(started).rejects.toThrow('the database did not answer within 2000 ms');
  const record = await eventually(async () => (await crons.history('job')).find(({ finishedAt }) => finishedAt));
  expect(record).toMatchObject({ intendedAt: noon, result: 42 });
});

test('onSuccess and onError are called when the run is recorded', async () => {
  const called: unknown[] = [];
  const finished = async (what: object) => {
    const [record] = await crons.history('job');
    called.push({ ...what, recorded: Boolean(record?.finishedAt) });
  };
  await runOnce({ job: () => 42, onSuccess: finished, onError: finished });
  await eventually(() => called.length === 1);
  await crons.clear();
  const error = new Error('no paper');
  await runOnce({ job: () => Promise.reject(error), onSuccess: finished, onError: finished });
  await eventually(() => called.length === 2);
  expect(called).toEqual([
    { intendedAt: noon, name: 'job', output: 42, recorded: true },
    { intendedAt: noon, name: 'job', error, recorded: true },
  ]);
});

test('without persist nothing is recorded', async () => {
  const clock = new FakeClock(noon.getTime() - 1);
  const cron = crons.add({}, clock);
  let runs = 0;
  cron.add({ name: 'job', schedule: everyMinute, persist: false, job: () => runs++ });
  await cron.start();
  await clock.pass(2 * minute);
  expect(runs).toBe(2);
  expect(await crons.history('job')).toEqual([]);
});

describe('a history that the old package has written', () => {
  const old = { name: 'job', startedAt: noon, intendedAt: noon };

  test('is gone on with: a run of its records is not run again', async () => {
    await crons.records().insertOne({ ...old, _id: 'wdYLPBZp5zzbwdfYj', finishedAt: noon, result: 'old' });
    const clock = new FakeClock(noon.getTime() - 1);
    const cron = crons.add({}, clock);
    cron.add({ name: 'job', schedule: everyMinute, job: () => 'new' });
    await cron.start();
    await clock.pass(2);
    await eventually(() => crons.messages().includes('Not running "job" again.'));
    await clock.pass(minute);
    await eventually(async () => (await crons.history('job'))[1]?.finishedAt);
    expect((await crons.history('job')).map(({ result }) => result)).toEqual(['old', 'new']);
  });

  test('with a run that never ended does not hold up the next one', async () => {
    await crons.records().insertOne({ ...old, _id: 'wdYLPBZp5zzbwdfYj' });
    const clock = new FakeClock(noon.getTime() + 1);
    const cron = crons.add({}, clock);
    cron.add({ name: 'job', schedule: everyMinute, job: () => 'new' });
    await cron.start();
    await clock.pass(minute);
    await eventually(async () => (await crons.history('job'))[1]?.finishedAt);
    const [before] = await crons.history('job');
    expect(before).toEqual({ ...old, _id: 'wdYLPBZp5zzbwdfYj' });
  });
});

describe('the indexes', () => {
  const indexes = async () => {
    const all = await crons.records().indexes();
    return all.map(({ key, unique, expireAfterSeconds }) => ({ key, unique, expireAfterSeconds })).slice(1);
  };
  const expected = (ttl: number) => [
    { key: { intendedAt: 1, name: 1 }, unique: true, expireAfterSeconds: undefined },
    { key: { startedAt: 1 }, unique: undefined, expireAfterSeconds: ttl },
  ];
  const startWith = async (collectionTTL: number | null) => {
    const cron = crons.add({ collectionTTL });
    cron.add({ name: 'job', schedule: parser => parser.text('at 3:00'), job: () => {} });
    await cron.start();
    await cron.stop();
  };
  beforeEach(() => crons.records().drop());

  test('are those of the old package', async () => {
    await startWith(172_800);
    expect(await indexes()).toEqual(expected(172_800));
  });

  test('come back when somebody drops them, or the whole collection, while schedules run', async () => {
    const cron = crons.add({ collectionTTL: 172_800, leaseSeconds: 1 });
    cron.add({ name: 'job', schedule: parser => parser.text('every 1 second'), job: () => {} });
    await cron.start();
    const areBack = async () => (await indexes().catch(() => [])).length === 2;
    for (const drop of [() => crons.records().dropIndexes(), () => crons.records().drop()]) {
      await eventually(areBack);
      await drop();
      await eventually(areBack);
      expect(await indexes()).toEqual(expected(172_800));
    }
    await crons.leases().dropIndexes();
    await eventually(async () => (await crons.leases().indexes()).length === 2);
    await cron.stop();
  });

  test('of an existing collection go on, and another TTL changes the index', async () => {
    await startWith(172_800);
    await startWith(86_400);
    expect(await indexes()).toEqual(expected(86_400));
  });

  test('of an existing collection go on under other names', async () => {
    await crons.records().createIndex({ intendedAt: 1, name: 1 }, { unique: true, name: 'by_hand' });
    await crons.records().createIndex({ startedAt: 1 }, { expireAfterSeconds: 172_800, name: 'also_by_hand' });
    await startWith(172_800);
    expect(await indexes()).toEqual(expected(172_800));
  });

  test('of a collection that has kept all until now get a TTL', async () => {
    await crons.records().createIndex({ startedAt: 1 });
    await startWith(172_800);
    expect(await indexes()).toEqual(expect.arrayContaining(expected(172_800)));
  });

  test('a TTL under 300 s is refused with the old warning, and 300 s is taken', async () => {
    await startWith(299);
    expect(await indexes()).toHaveLength(1);
    expect(crons.messages()).toContain('Not going to use a TTL that is shorter than:300');
    await startWith(300);
    expect(await indexes()).toEqual(expected(300));
  });

  test('without a TTL an index that still expires the history is warned of', async () => {
    await startWith(null);
    expect(await indexes()).toHaveLength(1);
    await startWith(172_800);
    await startWith(null);
    expect(crons.messages().some(message => message.startsWith('collectionTTL is off, but an index'))).toBe(true);
  });
});
