import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { eventually } from '../../support/eventually';
import { ForeignClient } from '../../support/foreign-ddp';
import { runningPair, startTestRoles, type TestRoles } from '../../support/roles';

jest.setTimeout(120_000);

/** A ceiling for what workers do on a machine that runs other tests as well. */
const patiently = { timeoutMs: 40_000 };

let roles: TestRoles;

beforeAll(async () => {
  const open = { metrics: { token: null } };
  roles = await startTestRoles({ settings: { web: open, jobs: open } });
}, 60_000);

afterAll(() => roles.stop(), 30_000);

const visitor = () => ForeignClient.visitor(roles.webUrl);

const describeHere = runningPair() ? describe.skip : describe;

describeHere('a task that somebody wrote straight into the database', () => {
  test.each([['__proto__'], ['constructor']])('with the type %s harms nobody who counts', async taskType => {
    const mongo = await new MongoClient(roles.mongoUrl).connect();
    const now = new Date();
    const place = { catalogVersion: 1, priority: 0, place: 0, dueDate: now, createdAt: now };
    await mongo
      .db()
      .collection('taskQueue')
      .insertOne({ taskType, state: 'queued', ...place });
    const shown = `tandem_queue_depth{task_type="${taskType}",state="queued"`;
    await eventually(async () => (await (await fetch(`${roles.jobsUrl}/metrics`)).text()).includes(shown));
    for (const url of [roles.webUrl, roles.jobsUrl]) expect((await fetch(`${url}/healthz`)).status).toBe(200);
    await mongo.close();
  });

  test.each([
    ['without a signature', {}],
    ['with a signature of its own making', { signature: randomBytes(32).toString('hex') }],
  ])('%s never runs: it is rejected, and reported', async (_, forged) => {
    const mongo = await new MongoClient(roles.mongoUrl).connect();
    const tasks = mongo.db().collection<{ _id: string }>('taskQueue');
    const { client } = await visitor();
    await client.call('burn.start', { seconds: 0.1, tasks: 1 });
    const real = await eventually(() => tasks.findOne({ state: 'done', taskType: 'burn' } as object), patiently);
    const {
      signature: _signature,
      finishedAt: _at,
      expiresAt: _gone,
      result: _result,
      ...copy
    } = real as never as Record<string, unknown>;
    const _id = `forged-${randomBytes(4).toString('hex')}`;
    await tasks.insertOne({
      ...copy,
      ...forged,
      _id,
      state: 'queued',
      attempt: 0,
      attempts: [],
      data: { seconds: 0.2, owner: 'thief' },
    } as never);
    const state = async () => ((await tasks.findOne({ _id })) as { state?: string } | null)?.state;
    await eventually(async () => (await state()) === 'rejected', patiently);
    await roles.jobs!.says(new RegExp(`burn:${_id} .*rejected`));
    expect(roles.jobs!.output).not.toMatch(new RegExp(`burn:${_id} started`));
    client.close();
    await mongo.close();
  });
});
