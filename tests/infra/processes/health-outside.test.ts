import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { findMongo } from '../../../infra/dev/database/mongo-sources';
import { startReplicaSet } from '../../../infra/dev/database/replica-set';
import { privateFolder } from '../../../infra/dev/root';
import { eventually } from '../../support/eventually';
import { ForeignClient } from '../../support/foreign-ddp';
import { runningPair, startTestRoles, type TestRoles } from '../../support/roles';
import { TcpProxy } from '../../support/tcp-proxy';

/** The settings files of an app that has been initialised hold a token. */
const openMetrics = { metrics: { token: null } };

let roles: TestRoles;
let starting: Promise<TestRoles> | undefined;
let proxy: TcpProxy | undefined;

beforeAll(async () => {
  roles = await startTestRoles({ settings: { web: openMetrics, jobs: openMetrics } });
  if (runningPair()) return;
  starting = startForEver(roles.mongoUrl);
  starting.catch(() => {}); // whoever waits for it hears of it
}, 60_000);

afterAll(async () => {
  await proxy?.close();
  await roles.stop();
}, 30_000);

/** A jobs role whose workers never say that they are there: it listens after five seconds, and is not ready then. */
async function startForEver(mongoUrl: string): Promise<TestRoles> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-slow-'));
  await mkdir(join(folder, 'workers'));
  await writeFile(join(folder, 'workers/main.js'), 'setInterval(() => {}, 1_000);');
  await copyFile(join(privateFolder, 'workers/main.json'), join(folder, 'workers/main.json'));
  const slow = await startTestRoles({ web: false, mongoUrl, env: { TANDEM_PRIVATE_DIR: folder }, ready: false });
  await rm(folder, { recursive: true });
  return slow;
}

const get = async (url: string) => (await (await fetch(url)).json()) as Record<string, unknown>;

const describeHere = runningPair() ? describe.skip : describe;

// First of all: it does not wait for its workers for ever.
describeHere('a role that starts', () => {
  test('answers 503 while it starts, and / with 200', async () => {
    const slow = (await starting)!;
    const answer = await fetch(`${slow.jobsUrl}/healthz`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ status: 'starting', role: 'jobs' });
    expect((await fetch(slow.jobsUrl)).status).toBe(200);
    slow.jobs!.kill();
    await slow.stop();
  });

  test('answers 503 as well while its database keeps it waiting, and takes no visitor whose methods would be unknown', async () => {
    const url = new URL(roles.mongoUrl);
    proxy = await TcpProxy.open(url.hostname, Number(url.port || 27017));
    const limits = 'directConnection=true&serverSelectionTimeoutMS=60000&connectTimeoutMS=60000';
    const mongoUrl = `mongodb://127.0.0.1:${proxy.port}${url.pathname}?${limits}`;
    const slow = await startTestRoles({ jobs: false, mongoUrl, wait: false });
    await slow.web!.says(/starts/);
    proxy.swallow();
    const answer = await eventually(() => fetch(`${slow.webUrl}/healthz`), { timeoutMs: 30_000 });
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ status: 'starting', role: 'web' });
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(await (await fetch(slow.webUrl)).text()).toContain('Starting');
    expect((await fetch(`${slow.webUrl}/upload/pictures`, { method: 'POST', body: 'x' })).status).toBe(503);
    expect((await fetch(`${slow.webUrl}/files/1`)).headers.get('retry-after')).toBe('2');
    await expect(ForeignClient.visitor(slow.webUrl)).rejects.toThrow(/closed/);
    await slow.web!.says(/the role starts/);
    slow.web!.kill();
    await slow.stop();
  });
});

describe('each role, seen from outside', () => {
  test('says at /healthz who it is and how it is', async () => {
    await eventually(async () => (await get(`${roles.webUrl}/healthz`)).link === 'up');
    const common = {
      status: 'ok',
      version: expect.any(String),
      commit: expect.any(String),
      uptimeSeconds: expect.any(Number),
      database: { connected: true, latencyMs: expect.any(Number) },
      queue: expect.objectContaining({ queued: expect.any(Number), running: expect.any(Number) }),
      untakenTypes: [],
    };
    expect(await get(`${roles.webUrl}/healthz`)).toEqual({
      ...common,
      role: 'web',
      workers: null,
      link: 'up',
      dispatch: null,
    });
    expect(await get(`${roles.jobsUrl}/healthz`)).toEqual({
      ...common,
      role: 'jobs',
      workers: expect.objectContaining({ enabled: true, workers: expect.any(Number), slots: expect.any(Number) }),
      link: expect.stringMatching(/^\d+ up$/),
      dispatch: expect.any(Object),
    });
  });

  test('says at /livez that it lives, and at /readyz how much work there is', async () => {
    for (const url of [roles.webUrl, roles.jobsUrl]) {
      const alive = await fetch(`${url}/livez`);
      expect([alive.status, await alive.json()]).toEqual([200, { alive: true }]);
      const ready = await fetch(`${url}/readyz`);
      expect(ready.status).toBe(200);
      expect(await ready.json()).toMatchObject({ ready: true, status: 'ok', queue: { queued: expect.any(Number) } });
      await eventually(async () => {
        const { work } = (await (await fetch(`${url}/readyz`)).json()) as { work: unknown };
        return typeof work === 'number';
      });
    }
  });

  test('gives figures at /metrics', async () => {
    const mongo = await new MongoClient(roles.mongoUrl).connect();
    const at = new Date();
    const run = { name: 'ran once', intendedAt: at, startedAt: at, finishedAt: at, result: 1 };
    await mongo.db().collection('cronHistory').insertOne(run);
    await mongo.close();
    const { client } = await ForeignClient.visitor(roles.webUrl);
    await client.call('burn.start', { seconds: 0.1, tasks: 2 });
    const text = async (url: string) => (await fetch(`${url}/metrics`)).text();
    await eventually(async () =>
      (await text(roles.jobsUrl)).includes('tandem_tasks_total{task_type="burn",outcome="done"'),
    );
    for (const name of [
      'tandem_queue_depth{task_type="burn",state="queued"',
      'tandem_task_duration_seconds_bucket',
      'tandem_task_wait_seconds_bucket',
      'tandem_schedule_last_success_timestamp_seconds{schedule="ran once"',
      'tandem_workers{',
      'tandem_workers_cpu_seconds_total{',
      'tandem_workers_memory_bytes{',
      'tandem_worker_slots_busy{',
      'tandem_schedule_next_seconds{',
      'tandem_event_loop_delay_seconds{',
      'process_resident_memory_bytes',
      'tandem_build_info{',
    ]) {
      // What the database is too busy to tell in time is left out, and is there again the next time.
      await eventually(async () => (await text(roles.jobsUrl)).includes(name));
    }
    await eventually(async () => (await text(roles.webUrl)).includes('tandem_link_up{role="web"} 1'));
    // One role tells them, so that a sum over roles counts each task once.
    expect(await text(roles.webUrl)).not.toContain('tandem_queue_depth{');
    client.close();
  });

  test('answers / with 200 each time while the workers burn', async () => {
    const { client } = await ForeignClient.visitor(roles.webUrl);
    await eventually(() => client.call('burn.start', { seconds: 3, tasks: 4 }).catch(() => undefined));
    for (const url of [roles.webUrl, roles.jobsUrl]) {
      for (let times = 0; times < 100; times += 1) expect((await fetch(url)).status).toBe(200);
    }
    client.close();
  });
});

describeHere('a role', () => {
  test('gives figures to this machine only where no token is set, and believes no header about it', async () => {
    const statusFor = async (headers: Record<string, string>) =>
      (await fetch(`${roles.webUrl}/metrics`, { headers })).status;
    expect(await statusFor({})).toBe(200);
    for (const header of ['X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'Via', 'X-Forwarded-Proto'])
      expect([header, await statusFor({ [header]: '203.0.113.7' })]).toEqual([header, 403]);
    expect(await statusFor({ 'X-Forwarded-For': '127.0.0.1, 203.0.113.7' })).toBe(403);
  });

  test('guards /metrics by a token where one is set', async () => {
    const token = 'a token for prometheus';
    const guarded = await startTestRoles({
      jobs: false,
      mongoUrl: roles.mongoUrl,
      settings: { web: { metrics: { token } } },
    });
    const ask = (authorization?: string) =>
      fetch(`${guarded.webUrl}/metrics`, { headers: authorization ? { authorization } : {} });
    expect((await ask()).status).toBe(401);
    expect((await ask('Bearer wrong')).status).toBe(401);
    const answer = await ask(`Bearer ${token}`);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('tandem_build_info');
    await guarded.stop();
  });

  test('answers 503 while it is cut off from the database, / with 200, and is well again when that is back', async () => {
    const found = await findMongo();
    if ('url' in found) return; // somebody else's database is not ours to stop
    const mongo = await startReplicaSet(found.mongod);
    const cut = await startTestRoles({ mongoUrl: mongo.url });
    const urls = [cut.webUrl, cut.jobsUrl];
    const codes = () => Promise.all(urls.map(async url => (await fetch(`${url}/healthz`)).status));
    try {
      process.kill(mongo.pid, 'SIGSTOP');
      await eventually(async () => (await codes()).every(code => code === 503), { timeoutMs: 20_000 });
      for (const url of urls) expect((await fetch(url)).status).toBe(200);
      expect(await get(`${cut.jobsUrl}/healthz`)).toMatchObject({ status: 'cut off from the database', queue: null });
      process.kill(mongo.pid, 'SIGCONT');
      await eventually(async () => (await codes()).every(code => code === 200), { timeoutMs: 30_000 });
      await cut.web!.says(/the database answers again/);
    } finally {
      process.kill(mongo.pid, 'SIGCONT');
      await cut.stop();
      await mongo.stop();
    }
  }, 90_000);

  test('registers itself, is listed by the others, and goes when it ends', async () => {
    const another = await startTestRoles({ jobs: false, mongoUrl: roles.mongoUrl });
    const mongo = await new MongoClient(roles.mongoUrl).connect();
    const entry = () => mongo.db().collection('processes').findOne({ pid: another.web!.pid });
    const facts = { role: 'web', host: hostname(), version: expect.any(String), state: expect.any(String) };
    expect(await entry()).toMatchObject(facts);
    await another.stop();
    expect(await entry()).toBeNull();
    await mongo.close();
  });
});
