import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { MongoClient } from 'mongodb';
import { isFree } from '../../../infra/dev/ports';
import { eventually } from '../../support/eventually';
import { ForeignClient } from '../../support/foreign-ddp';
import { secrets, startTestRoles, type TestRoles } from '../../support/roles';

jest.setTimeout(120_000);

const describeHere = process.env.E2E_WEB_URL ? describe.skip : describe;

/** Adds burn tasks of so many seconds. */
async function addBurn(roles: TestRoles, seconds: number, tasks = 1): Promise<void> {
  const { client } = await ForeignClient.visitor(roles.webUrl);
  await client.call('burn.start', { seconds, tasks });
  client.close();
}

/** The burn tasks: these alone, because the schedules' tasks come at any minute. */
async function burnTasks(roles: TestRoles): Promise<{ state: string; attempt: number }[]> {
  const mongo = await new MongoClient(roles.mongoUrl).connect();
  const tasks = await mongo.db().collection('taskQueue').find({ taskType: 'burn' }).toArray();
  await mongo.close();
  return tasks.map(({ state, attempt }) => ({ state, attempt }));
}

const burnStates = async (roles: TestRoles) => (await burnTasks(roles)).map(({ state }) => state);

/** Keeps a worker busy for so many seconds. */
async function burn(roles: TestRoles, seconds: number): Promise<void> {
  await addBurn(roles, seconds);
  await roles.jobs!.says(/burn:\S+ started/);
}

const post = (url: string, headers: OutgoingHttpHeaders) => httpRequest(url, { method: 'POST', headers });

describeHere('a role that is told to end', () => {
  test('answers 503 while it drains, finishes its task, and ends with 0', async () => {
    const roles = await startTestRoles();
    await burn(roles, 4);
    roles.jobs!.signal('SIGTERM');
    await eventually(async () => (await fetch(`${roles.jobsUrl}/healthz`)).status === 503);
    expect(await roles.jobs!.ended).toBe(0);
    expect(roles.jobs!.output).toMatch(/burn:\S+ done/);
    roles.web!.signal('SIGTERM');
    expect(await roles.web!.ended).toBe(0);
    await roles.stop();
  });

  test('lets an upload that is under way come to its end', async () => {
    const roles = await startTestRoles({ jobs: false });
    const body = '--b\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\nno photo\r\n--b--\r\n';
    const request = post(`${roles.webUrl}/upload/pictures`, {
      'Content-Type': 'multipart/form-data; boundary=b',
      'Content-Length': body.length,
      Cookie: `visitor=${'a'.repeat(64)}`,
    });
    const answer = once(request, 'response');
    request.write(body.slice(0, 60));
    await eventually(() => request.socket?.bytesWritten);
    roles.web!.signal('SIGTERM');
    await roles.web!.says(/draining/);
    request.end(body.slice(60));
    const [response] = (await answer) as [IncomingMessage];
    expect(response.statusCode).toBeGreaterThanOrEqual(200);
    response.resume();
    expect(await roles.web!.ended).toBe(0);
    await roles.stop();
  });

  test('hands back what does not end inside the grace period', async () => {
    const roles = await startTestRoles({ env: { METEOR_SIGTERM_GRACE_PERIOD_SECONDS: '6' } });
    await burn(roles, 30);
    roles.jobs!.signal('SIGTERM');
    expect(await roles.jobs!.ended).toBe(0);
    expect(await burnStates(roles)).toEqual(['queued']);
    await roles.stop();
  });

  test('hands back in time beside a worker without tasks that does not end', async () => {
    const settings = { jobs: { workers: { count: 2, keepAlive: 'always' } } };
    const roles = await startTestRoles({ env: { METEOR_SIGTERM_GRACE_PERIOD_SECONDS: '6' }, settings });
    await burn(roles, 30);
    const [, busy] = await roles.jobs!.says(/burn:\S+ started.* workerPid=(\d+)/);
    const started = () => [...roles.jobs!.output.matchAll(/a worker started workerPid=(\d+)/g)].map(([, pid]) => pid);
    const idle = await eventually(() => started().find(pid => pid !== busy));
    process.kill(Number(idle), 'SIGSTOP');
    roles.jobs!.signal('SIGTERM');
    expect(await roles.jobs!.ended).toBe(0);
    expect(await burnTasks(roles)).toEqual([{ state: 'queued', attempt: 0 }]);
    await roles.stop();
  });

  test('claims nothing more, and hands back in time, beside a job of a schedule that never ends', async () => {
    const env = { METEOR_SIGTERM_GRACE_PERIOD_SECONDS: '6', HANGING_JOB: 'yes' };
    const roles = await startTestRoles({ env, settings: { jobs: { workers: { count: 2 } } } });
    await burn(roles, 30);
    await roles.jobs!.says(/Starting "hang"/);
    roles.jobs!.signal('SIGTERM');
    await roles.jobs!.says(/draining/);
    await addBurn(roles, 0.2);
    expect(await roles.jobs!.ended).toBe(0);
    const untouched = { state: 'queued', attempt: 0 };
    expect(await burnTasks(roles)).toEqual([untouched, untouched]);
    await roles.stop();
  });

  test('begins no job of a schedule any more, however long a service of the app takes to stop', async () => {
    const env = { METEOR_SIGTERM_GRACE_PERIOD_SECONDS: '2', TICKS: 'yes', STUBBORN_SERVICE: 'yes' };
    const roles = await startTestRoles({ web: false, env });
    await roles.jobs!.says(/Finished "tick"/);
    roles.jobs!.signal('SIGTERM');
    expect(await roles.jobs!.ended).toBe(0);
    const [, afterwards] = roles.jobs!.output.split('draining');
    expect(afterwards).not.toContain('Starting "tick"');
    await roles.stop();
  });

  test('because it can not start says why and ends with 1, although a service of the app does not stop', async () => {
    const env = { METEOR_SIGTERM_GRACE_PERIOD_SECONDS: '2', STUBBORN_SERVICE: 'yes', BROKEN_SERVICE: 'yes' };
    const roles = await startTestRoles({ web: false, env, wait: false });
    await roles.jobs!.says(/no mail server/);
    expect(await roles.jobs!.ended).toBe(1);
    await roles.stop();
  });

  test('hands back as well when the host’s signal comes while it drains because an operator asked for that', async () => {
    const roles = await startTestRoles({ env: { METEOR_SIGTERM_GRACE_PERIOD_SECONDS: '6' } });
    await burn(roles, 30);
    const client = await ForeignClient.open(roles.webUrl);
    await client.call('console.login', secrets.operatorToken);
    await client.subscribe('console.view', 'machines', {});
    const rows = () => client.list('consoleRows') as { id: string; role?: string; live?: object }[];
    const { id } = await eventually(() => rows().find(({ role, live }) => role === 'jobs' && live));
    await client.call('console.drainRole', id);
    await roles.jobs!.says(/draining/);
    roles.jobs!.signal('SIGTERM');
    expect(await roles.jobs!.ended).toBe(0);
    expect(await burnTasks(roles)).toEqual([{ state: 'queued', attempt: 0 }]);
    client.close();
    await roles.stop();
  });

  test('under `meteor run` gives its port to the next one at once, and ends at a second Ctrl-C', async () => {
    const env = { METEOR_PARENT_PID: String(process.pid), METEOR_SIGTERM_GRACE_PERIOD_SECONDS: '60' };
    const roles = await startTestRoles({ env });
    await burn(roles, 30);
    roles.jobs!.signal('SIGINT');
    await roles.jobs!.says(/^\S+:role SIGINT: draining/m); // the tool writes the time before each line
    roles.jobs!.signal('SIGTERM'); // Meteor's tool sends one of its own after a terminal's Ctrl-C
    await eventually(() => isFree(Number(new URL(roles.jobsUrl).port)));
    expect(roles.jobs!.output).not.toMatch(/drained/);
    roles.jobs!.signal('SIGINT');
    expect(await roles.jobs!.ended).toBe(130);
    await roles.stop();
  });
});

describeHere('a process without runJobs', () => {
  test('is both roles at once in development', async () => {
    const roles = await startTestRoles({
      jobs: false,
      settings: { web: { runJobs: null, queue: { heartbeatMs: 500 } } },
    });
    await addBurn(roles, 0.2, 2);
    await eventually(async () => String(await burnStates(roles)) === 'done,done');
    const health = (await (await fetch(`${roles.webUrl}/healthz`)).json()) as object;
    expect(health).toMatchObject({ role: 'both' });
    await roles.stop();
  });

  test('a jobs role with workers off schedules and runs no task', async () => {
    const roles = await startTestRoles({ settings: { jobs: { workers: { enabled: false } } } });
    await addBurn(roles, 0.2);
    const health = (await (await fetch(`${roles.jobsUrl}/healthz`)).json()) as object;
    expect(health).toMatchObject({ workers: { enabled: false, workers: 0 } });
    expect(await burnStates(roles)).toEqual(['queued']);
    expect(roles.jobs!.output).toContain('Scheduled "');
    await roles.stop();
  });
});
