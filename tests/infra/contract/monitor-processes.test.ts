import { DatabaseWatch } from '../../../infra/monitor/database-watch';
import { livingRoles, ProcessRegistry } from '../../../infra/monitor/processes';
import { type TestDatabase, testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';

const quiet = () => {};

describe('the register of processes', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database.drop());

  /** The heartbeat is also how long the database may take to answer, and a third of how long a process is seen. */
  const registry = (role: string, heartbeatMs = 1_000) =>
    new ProcessRegistry({
      db: database.db,
      identity: { role, version: '1.0.0', commit: 'abc' },
      emit: quiet,
      describe: () => ({ state: 'ready', details: { workers: 2 } }),
      heartbeatMs,
    });

  test('lists the living processes of all roles, whoever asks', async () => {
    const web = registry('web');
    const jobs = registry('jobs');
    await Promise.all([web.start(), jobs.start()]);
    expect(await web.list()).toMatchObject([
      { role: 'jobs', pid: process.pid, version: '1.0.0', commit: 'abc', state: 'ready', details: { workers: 2 } },
      { role: 'web' },
    ]);
    expect([await web.isReporter(), await jobs.isReporter()]).toEqual([false, true]);
    const [first] = await web.list();
    await eventually(async () => (await web.list())[0]!.lastSeen > first!.lastSeen);
    await Promise.all([web.stop(), jobs.stop()]);
    expect(await web.list()).toEqual([]);
  });

  test('leaves out who died without a word', async () => {
    const alive = registry('web');
    await alive.start();
    const dead = { role: 'jobs', host: 'gone', pid: 1, lastSeen: new Date(Date.now() - 60_000) };
    await database.db.collection<{ _id: string }>('processes').insertOne({ _id: 'gone:1', ...dead });
    expect((await alive.list()).map(({ role }) => role)).toEqual(['web']);
    await alive.stop();
  });

  test('says of the jobs roles what they take, their slots and what overload holds back; older ones say less', async () => {
    const details = { taskTypes: ['ping'], slots: 2, minPriority: Number.POSITIVE_INFINITY };
    const described = [{ ...details }, { ...details, minPriority: null }, { taskTypes: ['ping'] }, { workers: 2 }];
    const processes = database.db.collection<{ _id: string; details: Record<string, unknown> }>('processes');
    await processes.insertMany(described.map((one, n) => ({ _id: `described:${n}`, details: one })));
    const found = await processes
      .find({ _id: /^described/ })
      .sort({ _id: 1 })
      .toArray();
    const [overloaded, ...others] = [details, { taskTypes: ['ping'], slots: 2 }, { taskTypes: ['ping'], slots: 0 }];
    expect(livingRoles(found)).toEqual([overloaded, ...others]);
  });

  test('stops twice', async () => {
    const registered = registry('web');
    await registered.start();
    await registered.stop();
    await registered.stop();
  });

  test('knows whether the database answers', async () => {
    const watch = new DatabaseWatch({ db: database.db, emit: quiet, everyMs: 5_000 });
    await watch.start();
    expect(watch.connected()).toBe(true);
    expect(watch.latencyMs()).toBeGreaterThan(0);
    await watch.stop();
    await watch.stop();
  });
});
