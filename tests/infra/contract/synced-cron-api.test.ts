import { type LogEntry, SyncedCron } from 'meteor/littledata:synced-cron';
import { runStartupHooks } from '../../../infra/node-host/boot/startup';
import { mongoClient } from '../../../infra/node-host/mongo/connection';
import { type TestDatabase, testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';

// Meteor's modules as the Node host has them; Jest knows no `meteor/` by itself.
jest.mock('meteor/littledata:synced-cron', () => jest.requireActual('../../../packages/synced-cron/synced-cron'), {
  virtual: true,
});
jest.mock('meteor/meteor', () => jest.requireActual('../../../infra/node-host/modules/meteor'), { virtual: true });
jest.mock('meteor/mongo', () => jest.requireActual('../../../infra/node-host/modules/mongo'), { virtual: true });

let database: TestDatabase;
const logged: LogEntry[] = [];

/** The package as an app has it: its README, call by call, on the one instance that it exports. */
beforeAll(async () => {
  database = await testDatabase();
  process.env.MONGO_URL = database.url;
  await runStartupHooks();
});
beforeEach(() => {
  logged.length = 0;
  SyncedCron.config({ log: true, logger: entry => logged.push(entry) });
});
afterEach(() => {
  SyncedCron.config({ log: false });
  return SyncedCron.stop();
});
afterAll(async () => {
  await mongoClient().close();
  await database.drop();
});

const records = () => database.db.collection('cronHistory').find({}).toArray();
const messages = () => logged.map(({ message }) => message);

function addCrunch(): void {
  SyncedCron.add({
    name: 'Crunch some important numbers for the marketing department',
    schedule(parser) {
      return parser.text('every 2 hours');
    },
    job() {
      return '1982 numbers crunched';
    },
  });
}

test('the defaults are those of the README', () => {
  expect(SyncedCron.options).toMatchObject({
    log: true,
    collectionName: 'cronHistory',
    utc: false,
    collectionTTL: 172_800,
  });
});

test('add and start: the entry is scheduled and says when', async () => {
  addCrunch();
  SyncedCron.start();
  expect(SyncedCron.running).toBe(true);
  expect(logged).toEqual([
    {
      level: 'info',
      tag: 'SyncedCron',
      message: expect.stringMatching(
        /^Scheduled "Crunch some important numbers for the marketing department" next run @\w{3} \w{3} \d\d \d{4} \d\d:00:00 GMT/,
      ),
    },
  ]);
});

test('nextScheduledAtDate: the date of the next run, or nothing for a name that is not there', () => {
  addCrunch();
  const next = SyncedCron.nextScheduledAtDate('Crunch some important numbers for the marketing department');
  expect(next!.getTime()).toBeGreaterThan(Date.now());
  expect(next!.getTime() % 3_600_000).toBe(0);
  expect(SyncedCron.nextScheduledAtDate('something else')).toBeUndefined();
});

test('remove: takes one entry out', async () => {
  addCrunch();
  await SyncedCron.start();
  SyncedCron.remove('Crunch some important numbers for the marketing department');
  expect(Object.keys(SyncedCron._entries)).toEqual([]);
  expect(messages()).toContain('Removed "Crunch some important numbers for the marketing department"');
  SyncedCron.remove('something else');
});

test('pause: keeps the entries, and start goes on with them', async () => {
  addCrunch();
  await SyncedCron.start();
  SyncedCron.pause();
  expect(SyncedCron.running).toBe(false);
  expect(Object.keys(SyncedCron._entries)).toHaveLength(1);
  await SyncedCron.start();
  expect(SyncedCron.running).toBe(true);
  expect(messages().filter(message => message.startsWith('Scheduled'))).toHaveLength(2);
});

test('stop: removes all entries', async () => {
  addCrunch();
  await SyncedCron.start();
  SyncedCron.stop();
  expect(SyncedCron.running).toBe(false);
  expect(Object.keys(SyncedCron._entries)).toEqual([]);
});

test('a one-off entry by recur().on(date).fullDate() runs at its date, and is recorded', async () => {
  const date = new Date(Date.now() + 300);
  const seen: unknown[] = [];
  SyncedCron.add({
    name: 'once',
    schedule: parser => parser.recur().on(date).fullDate(),
    job: (intendedAt, name) => {
      seen.push(name, intendedAt.getMilliseconds());
      return 'done';
    },
  });
  SyncedCron.start();
  const [record] = await eventually(async () => {
    const all = await records();
    return all.some(({ finishedAt }) => finishedAt) ? all : undefined;
  });
  expect(Date.now()).toBeGreaterThanOrEqual(date.getTime());
  date.setMilliseconds(0);
  expect(record).toMatchObject({ name: 'once', intendedAt: date, result: 'done' });
  expect(seen).toEqual(['once', 0]);
  expect(messages()).toEqual(expect.arrayContaining(['Starting "once".', 'Finished "once".']));
});

test('the job and the schedule have the entry as `this`', async () => {
  const entry = {
    name: 'with this',
    userID: 'xyz',
    persist: false,
    schedule(parser: Parameters<Parameters<typeof SyncedCron.add>[0]['schedule']>[0]) {
      expect(this.userID).toBe('xyz');
      return parser.cron('15 10 * * ? *');
    },
    job() {
      return this.userID;
    },
  };
  SyncedCron.add(entry);
  expect(await SyncedCron.run('with this')).toMatchObject({ status: 'finished', result: 'xyz' });
});

test('config: log false says nothing', async () => {
  SyncedCron.config({ log: false });
  addCrunch();
  await SyncedCron.start();
  expect(logged).toEqual([]);
});

test('without a logger the lines go to the console, with the tag in front', async () => {
  const log = jest.spyOn(console, 'info').mockImplementation(() => {});
  SyncedCron.config({ logger: null });
  addCrunch();
  await SyncedCron.start();
  expect(log).toHaveBeenCalledWith(expect.stringMatching(/^SyncedCron: Scheduled "Crunch/));
  log.mockRestore();
});

test('a line without a logger stays one line, whatever a name or an error holds', async () => {
  const lines: string[] = [];
  const levels = ['info', 'warn', 'error'] as const;
  const spies = levels.map(level =>
    jest.spyOn(console, level).mockImplementation((...said) => void lines.push(String(said[0]))),
  );
  SyncedCron.config({ logger: null });
  const name = 'a\nSyncedCron: Finished "b".\u001b[2J\u2028';
  const job = () => Promise.reject(new Error('no\r\npaper'));
  SyncedCron.add({ name, persist: false, schedule: parser => parser.text('every 1 hour'), job });
  await SyncedCron.run(name);
  for (const spy of spies) spy.mockRestore();
  expect(lines).toHaveLength(2);
  expect(lines.filter(line => /[\p{Cc}\u2028]/u.test(line))).toEqual([]);
  expect(lines[1]).toContain('Error: no\\u000d\\npaper\\n');
});

test('config: another collection takes the history from the next start on', async () => {
  SyncedCron.config({ collectionName: 'otherHistory' });
  addCrunch();
  await SyncedCron.run('Crunch some important numbers for the marketing department');
  expect(await database.db.collection('otherHistory').countDocuments()).toBe(1);
  await SyncedCron.stop();
  SyncedCron.config({ collectionName: 'cronHistory' });
});

test('nothing is installed on the process', async () => {
  const events = ['SIGTERM', 'SIGINT', 'uncaughtException', 'unhandledRejection', 'exit'];
  const before = events.map(event => process.listenerCount(event));
  addCrunch();
  await SyncedCron.start();
  expect(events.map(event => process.listenerCount(event))).toEqual(before);
});
