import { MongoClient } from 'mongodb';
import { actionNames, methodOf } from '../../../infra/console/actions';
import { eventually } from '../../support/eventually';
import { ForeignClient } from '../../support/foreign-ddp';
import { runningPair, secrets, startTestRoles, type TestRoles } from '../../support/roles';

const token = secrets.operatorToken;
/** Whoever makes tokens long shall get in as well. */
const second = `the token of the second operator ${'x'.repeat(300)}`;

const viewer = { name: 'Vera', token: 'the token of a viewer', role: 'viewer' };
const colleague = { name: 'Otto', token: 'the token of a colleague', role: 'operator' };

jest.setTimeout(120_000);

let roles: TestRoles;
/** A ceiling for what workers do on a machine that runs other tests as well. */
const patiently = { timeoutMs: 40_000 };
const opened: ForeignClient[] = [];

beforeAll(async () => {
  const operators = [viewer, colleague];
  const console = { operatorToken: [token, second], operators, loginsPerMinute: 1_000 };
  const queue = { heartbeatMs: 500 }; // kept counters are written with the heartbeat
  roles = await startTestRoles({ settings: { web: { console }, jobs: { queue } } });
}, 60_000);

afterAll(async () => {
  for (const client of opened) client.close();
  await roles.stop();
}, 30_000);

async function stranger(): Promise<ForeignClient> {
  const client = await ForeignClient.open(roles.webUrl);
  opened.push(client);
  return client;
}

async function operator(with_ = token) {
  const client = await stranger();
  return { client, session: await login(client, with_) };
}

/** A pair of somebody else's looks at few logins a minute: what is one too many waits for its turn. */
async function login(client: ForeignClient, with_: string): Promise<string> {
  const answer = () =>
    client.call<{ session: string }>('console.login', with_).catch(error => {
      if (error.error === 'too-many-requests') return undefined;
      throw error;
    });
  const { session } = await eventually(answer, { timeoutMs: 70_000, everyMs: 1_000 });
  return session;
}

const actions: [string, unknown][] = [
  ['console.retryTask', 'x'],
  ['console.replayTask', 'x'],
  ['console.cancelTask', 'x'],
  ['console.pause', null],
  ['console.resume', null],
  ['console.runSchedule', 'greet everybody'],
  ['console.pauseScheduleOfCode', 'x'],
  ['console.resumeScheduleOfCode', 'x'],
  ['console.resolveError', 'x'],
  ['console.muteError', 'x'],
  ['console.reopenError', 'x'],
  ['console.runNow', 'x'],
  ['console.raiseTask', 'x'],
  ['console.snoozeTask', 'x'],
  ['console.removeTask', 'x'],
  ['console.replayMended', { id: 'x', payload: '{}' }],
  ['console.bulk', { kind: 'retry', ids: ['x'] }],
  ['console.stopBulk', 'x'],
  ['console.changeLimits', { taskType: 'burn', concurrency: 1 }],
  ['console.resetLimits', 'burn'],
  ['console.putSchedule', { name: 'x', taskType: 'greet', data: '{}', cron: '* * * * *' }],
  ['console.runStoredSchedule', 'x'],
  ['console.pauseSchedule', 'x'],
  ['console.resumeSchedule', 'x'],
  ['console.removeSchedule', 'x'],
  ['console.recycleWorker', { role: 'x', pid: 1 }],
  ['console.drainRole', 'x'],
  ['console.retryBatch', 'x'],
  ['console.cancelBatch', 'x'],
];

/** Of the view, as long as no other one is open on this connection. */
const rowsOf = (client: ForeignClient) =>
  client.list('consoleRows').map(({ id, ...row }) => ({ ...row, _id: String(id) })) as Record<string, unknown>[];

test('every action is asked for here', () => {
  expect(actions.map(([method]) => method).sort()).toEqual(actionNames.map(methodOf).sort());
});

describe('the console', () => {
  test.each(actions)('%s needs an operator', async (method, parameter) => {
    const client = await stranger();
    await expect(client.call(method, parameter)).rejects.toMatchObject({ error: 'not-authorized' });
    await client.enter();
    await expect(client.call(method, parameter)).rejects.toMatchObject({ error: 'not-authorized' });
  });

  test('shows nothing to others', async () => {
    const client = await stranger();
    await expect(client.subscribe('console.state')).rejects.toMatchObject({ error: 'not-authorized' });
    expect(client.documents.size).toBe(0);
  });

  test.each(['wrong', '', ' ', 'x'.repeat(1_000), 3, null, {}, { $ne: null }, [token]])(
    'refuses %j as a token',
    async wrong => {
      const client = await stranger();
      await expect(client.call('console.login', wrong)).rejects.toBeTruthy();
      await expect(client.call('console.enter', wrong)).rejects.toBeTruthy();
      await expect(client.call('console.pause', null)).rejects.toMatchObject({ error: 'not-authorized' });
    },
  );

  test('shows an operator both roles, the counts of each type, the schedules and the workers', async () => {
    const { client } = await operator();
    await client.subscribe('console.state');
    await eventually(() => client.list('consoleProcesses').length >= 2);
    const shownRoles = client.list('consoleProcesses').map(({ role }) => role);
    expect(shownRoles).toEqual(expect.arrayContaining(['web', 'jobs']));
    expect(client.list('consoleCounts').map(({ _id }) => _id)).toEqual(expect.arrayContaining(['greet', 'burn']));
    await eventually(() => client.list('consoleWorkers').length > 0);
    await client.subscribe('console.view', 'schedules', {});
    await eventually(() => rowsOf(client).some(({ name }) => name === 'greet everybody'));
  });

  test('pauses a type in every role, cancels, retries, replays and resumes', async () => {
    const { client } = await operator();
    await client.subscribe('console.state');
    const count = () => client.list('consoleCounts').find(({ _id }) => _id === 'burn');
    const before = Number(count()?.done);
    await client.call('console.pause', 'burn');
    await eventually(() => count()?.paused === true);
    const visitor = await stranger();
    await visitor.enter();
    await visitor.call('burn.start', { seconds: 0.1, tasks: 1 });
    await eventually(() => Number(count()?.queued) > 0);
    await visitor.subscribe('tasks.mine');
    const [task] = visitor.list('visitorTasks');
    const id = String(task!._id);
    await client.call('console.cancelTask', id);
    await client.call('console.retryTask', id);
    await client.call('console.resume', 'burn');
    await eventually(() => Number(count()?.done) > before, patiently);
    const replayed = await client.call<string>('console.replayTask', id);
    expect(replayed).not.toBe(id);
    await eventually(() => Number(count()?.done) > before + 1, patiently);
  });

  test.each([
    ['console.retryTask', 'no-such-task', /no failed, cancelled or rejected task/],
    ['console.replayTask', 'no-such-task', /no task/],
    ['console.cancelTask', 'no-such-task', /no task/],
    ['console.pause', 'noSuchType', /no task type/],
    ['console.runSchedule', 'no such schedule', /no schedule/],
    ['console.pauseScheduleOfCode', 'no such schedule', /no jobs role .* has a schedule "no such schedule"/],
    ['console.resumeScheduleOfCode', 'greet everybody', /no schedule "greet everybody" of the code that is paused/],
    ['console.muteError', 'no such error', /no group of errors/],
    ['console.changeLimits', { taskType: 'burn', concurrency: 0 }, /burn\.concurrency: 0 is below 1/],
    ['console.resetLimits', 'burn', /are those of the catalog/],
    ['console.putSchedule', { name: 'x', taskType: 'gret', data: '{}', cron: '* * * * *' }, /did you mean greet/],
    ['console.putSchedule', { name: 'x', taskType: 'greet', data: '{', cron: '* * * * *' }, /this is no JSON/],
    ['console.pauseSchedule', 'no such schedule', /no stored schedule/],
    ['console.recycleWorker', { role: 'nobody', pid: 1 }, /no jobs role "nobody" is linked up/],
    ['console.drainRole', 'nobody', /no jobs role "nobody" is linked up/],
    ['console.cancelBatch', 'no such batch', /no batch/],
  ])('%s says why it can not be done with %j', async (method, parameter, reason) => {
    const { client } = await operator();
    await expect(client.call(method, parameter)).rejects.toMatchObject({ reason: expect.stringMatching(reason) });
  });

  test('does not pretend to resume one type while everything is paused', async () => {
    const { client } = await operator();
    await client.subscribe('console.state');
    const burn = () => client.list('consoleCounts').find(({ _id }) => _id === 'burn');
    await client.call('console.pause', null);
    await eventually(() => burn()?.paused === true);
    const resumed = client.call('console.resume', 'burn');
    await expect(resumed).rejects.toMatchObject({ reason: expect.stringMatching(/everything is paused/) });
    await client.call('console.resume', null);
    await eventually(() => burn()?.paused === false);
  });

  test.each([[{ $ne: null }], [{ toString: 1 }], ['x'.repeat(5_000)], [['burn']], [7]])(
    'does nothing with %j, and says no word of it',
    async nonsense => {
      const { client } = await operator();
      for (const [method] of actions) await expect(client.call(method, nonsense)).rejects.toMatchObject({ error: 400 });
    },
  );

  test('runs a schedule now, in the jobs role', async () => {
    const { client } = await operator();
    await client.subscribe('console.state');
    const done = () => Number(client.list('consoleCounts').find(({ _id }) => _id === 'greet')?.done);
    const before = done();
    await client.call('console.runSchedule', 'greet everybody');
    await eventually(() => done() > before, patiently);
  });

  test('lets a session in again on a new connection, until it is left', async () => {
    const { client, session } = await operator();
    const again = await stranger();
    await again.call('console.enter', session);
    await again.call('console.resume', 'burn');
    await client.call('console.leave');
    await expect(again.call('console.resume', 'burn')).rejects.toMatchObject({ error: 'not-authorized' });
    const third = await stranger();
    await expect(third.call('console.enter', session)).rejects.toMatchObject({ error: 'not-authorized' });
  });
});

interface Audited {
  action: string;
  outcome: string;
  by?: { name: string };
  target?: object;
  why?: string;
  count: number;
  address?: string;
}

const auditOf = async (client: ForeignClient) => (await client.call<{ records: Audited[] }>('console.audit')).records;

const describeHere = runningPair() ? describe.skip : describe;

describeHere('an operator', () => {
  test('is out when the session runs out, in mid-subscription too', async () => {
    const { client, session } = await operator();
    await client.subscribe('console.state');
    const mongo = await new MongoClient(roles.mongoUrl).connect();
    await mongo
      .db()
      .collection('operatorSessions')
      .updateMany({}, { $set: { expiresAt: new Date(Date.now() - 1) } });
    await mongo.close();
    await eventually(() => client.heard.some(({ msg, error }) => msg === 'nosub' && error));
    await expect(client.call('console.resume', 'burn')).rejects.toMatchObject({ error: 'not-authorized' });
    const again = await stranger();
    await expect(again.call('console.enter', session)).rejects.toMatchObject({ error: 'not-authorized' });
  });

  test('that only views sees everything and does nothing, and is told why', async () => {
    const { client } = await operator(viewer.token);
    await client.subscribe('console.state');
    expect(client.list('consoleOperator')).toEqual([{ _id: 'me', name: 'Vera', role: 'viewer' }]);
    expect(client.list('consoleCounts').length).toBeGreaterThan(0);
    for (const [method, target] of actions)
      await expect(client.call(method, target)).rejects.toMatchObject({
        error: 'role-too-low',
        reason: expect.stringMatching(/is for an (operator|admin): Vera is a viewer/),
      });
    await expect(client.call('console.audit')).rejects.toMatchObject({ error: 'role-too-low' });
  });

  test('is on record with what was done and what was refused, for an admin to read', async () => {
    const { client: otto } = await operator(colleague.token);
    await otto.call('console.resume', 'burn');
    await expect(otto.call('console.cancelTask', 'no-such-task')).rejects.toBeTruthy();
    await expect(otto.call('console.audit')).rejects.toMatchObject({ reason: expect.stringMatching(/for an admin/) });
    await expect(otto.call('console.drainRole', 'x')).rejects.toMatchObject({ error: 'role-too-low' });
    await otto.call('console.leave');
    const { client: vera } = await operator(viewer.token);
    await expect(vera.call('console.pause', null)).rejects.toMatchObject({ error: 'role-too-low' });
    const wrong = await stranger();
    await expect(wrong.call('console.login', 'a guess at some token')).rejects.toBeTruthy();
    const { client: admin } = await operator();
    const records = await auditOf(admin);
    const of = (name: string) =>
      records.filter(({ by }) => by?.name === name).map(({ action, outcome }) => [action, outcome]);
    expect(of('Otto').slice(0, 5)).toEqual([
      ['logout', 'done'],
      ['drain role', 'refused'],
      ['cancel', 'failed'],
      ['resume', 'done'],
      ['login', 'done'],
    ]);
    expect(of('Vera')[0]).toEqual(['pause', 'refused']);
    expect(records.find(({ action, by }) => action === 'cancel' && by?.name === 'Otto')).toMatchObject({
      target: { taskId: 'no-such-task' },
      count: 1,
      why: expect.stringMatching(/there is no task/),
      address: expect.any(String),
    });
    expect(records.some(({ action, outcome, by }) => action === 'login' && outcome === 'refused' && !by)).toBe(true);
    expect(JSON.stringify(records)).not.toMatch(/the token of|a guess at/);
    await expect(admin.call('console.audit', { $gt: '' })).rejects.toMatchObject({ error: 400 });
  });

  test('is out when the token is taken out of the settings; others stay', async () => {
    const { session } = await operator(second);
    const { session: kept } = await operator(token);
    const other = await startTestRoles({ jobs: false, mongoUrl: roles.mongoUrl });
    const client = await ForeignClient.open(other.webUrl);
    opened.push(client);
    await expect(client.call('console.enter', session)).rejects.toMatchObject({ error: 'not-authorized' });
    await client.call('console.enter', kept);
    await other.stop();
  });

  test('can not be guessed: of 1,000 logins in a second all but the first few are turned away', async () => {
    const strict = await startTestRoles({
      jobs: false,
      mongoUrl: roles.mongoUrl,
      settings: { web: { limits: { messagesPerSecond: 5_000 } } },
    });
    const client = await ForeignClient.open(strict.webUrl);
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, (_, guess) =>
        client.call('console.login', `a guess at the token, number ${guess}`).catch(({ error }) => error),
      ),
    );
    const tried = answers.filter(answer => answer === 'not-authorized').length;
    expect(tried).toBeLessThanOrEqual(11);
    expect(answers.filter(answer => answer === 'too-many-requests')).toHaveLength(1_000 - tried);
    await expect(client.call('console.login', token)).rejects.toMatchObject({ error: 'too-many-requests' });
    expect((strict.web!.output.match(/a console login was refused/g) ?? []).length).toBeLessThan(4);
    expect(strict.web!.output).not.toContain('a guess at the token');
    client.close();
    await strict.stop();
  });

  test('leaves a line in the log for each action, without a secret', async () => {
    const { client, session } = await operator();
    await client.call('console.resume', 'burn');
    await roles.web!.says(/operator: resume taskType=burn operator=operator/);
    for (const secret of [token, second, session]) expect(roles.web!.output).not.toContain(secret);
  });

  test('recycles the jobs role although a handler in it runs for ever: its task goes back, and the process ends', async () => {
    const { client } = await operator();
    await client.subscribe('console.view', 'machines', {});
    const role = await eventually(() => rowsOf(client).find(({ role: name, live }) => name === 'jobs' && live));
    const mongo = await new MongoClient(roles.mongoUrl).connect();
    await client.call('console.putSchedule', {
      ...{ name: 'hangs', taskType: 'lookUp', data: '{"name":"ada","hang":true}', every: 86_400_000 },
    });
    const id = await client.call<string>('console.runStoredSchedule', 'hangs');
    type Live = { inRole: { taskId: string; stopping?: string }[] };
    const inRole = () => {
      const { live } = rowsOf(client).find(({ _id }) => _id === role._id) ?? {};
      return (live as Live | undefined)?.inRole ?? [];
    };
    await eventually(
      () => inRole().some(({ taskId, stopping }) => taskId === id && stopping === 'timedOut'),
      patiently,
    );
    await client.call('console.drainRole', role._id);
    expect(await roles.jobs!.ended).toBe(0);
    const tasks = mongo.db().collection<{ _id: string }>('taskQueue');
    expect(await tasks.findOne({ _id: id })).toMatchObject({ state: 'queued', attempt: 0 });
    await mongo.close();
  });
});
