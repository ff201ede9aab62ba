import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeNonce, prove } from '../../../infra/link/proof';
import { launchBuiltRole } from '../../support/built-role';
import { eventually } from '../../support/eventually';
import { ForeignClient } from '../../support/foreign-ddp';
import { runningPair, secrets, startTestRoles, type TestRoles } from '../../support/roles';

jest.setTimeout(120_000);

/** That of the settings files; for another pair, E2E_LINK_SECRET says it. */
const secret = secrets.link;

let roles: TestRoles;
const opened: ForeignClient[] = [];

beforeAll(async () => {
  roles = await startTestRoles();
});

afterAll(async () => {
  for (const client of opened) client.close();
  await roles.stop();
});

async function stranger(): Promise<ForeignClient> {
  const client = await ForeignClient.open(roles.jobsUrl);
  opened.push(client);
  return client;
}

/** Somebody who knows the secret. */
async function linked(): Promise<ForeignClient> {
  const client = await stranger();
  const nonce = await client.call<string>('link.challenge');
  await client.call('link.prove', prove(secret, 'web', nonce), makeNonce());
  return client;
}

describe('the door of the link', () => {
  test('lets nobody in without the secret', async () => {
    const client = await stranger();
    for (const call of [
      client.call('link.run', 'burn', { seconds: 1, owner: 'me' }, 1_000),
      client.call('link.nudge'),
      client.call('link.runSchedule', 'anything'),
      client.subscribe('link.live'),
    ]) {
      await expect(call).rejects.toMatchObject({ error: 'link-required' });
    }
    expect(client.list('jobsLive')).toEqual([]);
  });

  test('refuses a wrong secret', async () => {
    const client = await stranger();
    const nonce = await client.call<string>('link.challenge');
    const answer = client.call('link.prove', prove('not the secret, but as long as one', 'web', nonce), makeNonce());
    await expect(answer).rejects.toMatchObject({ error: 'link-refused' });
    await expect(client.call('link.nudge')).rejects.toMatchObject({ error: 'link-required' });
  });

  test('refuses an answer that was overheard: on the same connection, and on another', async () => {
    const client = await stranger();
    const nonce = await client.call<string>('link.challenge');
    const proof = prove(secret, 'web', nonce);
    await client.call('link.prove', proof, makeNonce());
    await expect(client.call('link.prove', proof, makeNonce())).rejects.toMatchObject({ error: 'link-refused' });
    const other = await stranger();
    await expect(other.call('link.prove', proof, makeNonce())).rejects.toMatchObject({ error: 'link-refused' });
    await other.call('link.challenge');
    await expect(other.call('link.prove', proof, makeNonce())).rejects.toMatchObject({ error: 'link-refused' });
  });

  test.each([[], [1], [null, {}], ['x'], [{ $ne: null }, 'y']])(
    'refuses %j as an answer',
    async (...answer: unknown[]) => {
      const client = await stranger();
      await client.call('link.challenge');
      await expect(client.call('link.prove', ...answer)).rejects.toMatchObject({ error: expect.anything() });
      await expect(client.call('link.nudge')).rejects.toMatchObject({ error: 'link-required' });
    },
  );

  test('gives a stranger the messages of a stranger, and the link many more, once it has proved itself', async () => {
    const pings = async (client: ForeignClient) => {
      for (let ping = 0; ping < 400; ping += 1) client.send({ msg: 'ping', id: `p${ping}` });
      await eventually(() => !client.isOpen || client.heard.some(({ id }) => id === 'p399'));
      return client.isOpen;
    };
    expect(await pings(await stranger())).toBe(false);
    expect(await pings(await linked())).toBe(true);
  });

  test('opens to who knows the secret: live state and a run with its result', async () => {
    const client = await linked();
    await client.subscribe('link.live');
    expect(client.list('jobsLive')).toMatchObject([
      { enabled: true, slots: expect.any(Number), busy: expect.any(Number), load: { paused: expect.any(Boolean) } },
    ]);
    await client.call('link.nudge');
    await client.call('link.run', 'burn', { seconds: 0.1, owner: 'test' }, 20_000);
  });

  test.each([
    ['noSuchTask', {}, 'noSuchTask'],
    ['burn', { seconds: -1, owner: 'test' }, 'burn.data.seconds: -1'],
    ['burn', { seconds: 1, owner: 'test', extra: 1 }, 'extra'],
    ['burn', 'text', 'burn'],
  ])('says what is wrong with a run of %s with %j', async (taskType, data, reason) => {
    const client = await linked();
    await expect(client.call('link.run', taskType, data, 5_000)).rejects.toMatchObject({
      error: 'refused',
      reason: expect.stringContaining(reason),
    });
  });

  test('ends a run at its time-out', async () => {
    const client = await linked();
    const run = client.call('link.run', 'burn', { seconds: 20, owner: 'test' }, 300);
    await expect(run).rejects.toMatchObject({ error: 'timeout', reason: 'burn: no result within 300 ms' });
    const busy = async () => {
      const health = (await (await fetch(`${roles.jobsUrl}/healthz`)).json()) as { workers: { busy: number } };
      return health.workers.busy === 0;
    };
    await eventually(busy);
  });
});

/** Another jobs role where the first one was. */
async function startJobsAgain(mongoUrl: string, port: number) {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-again-'));
  return launchBuiltRole('jobs', { app: 'tests', mongoUrl, ports: { web: 0, jobs: port }, folder });
}

const describeHere = runningPair() ? describe.skip : describe;

describeHere('the link', () => {
  test('logs wrong secrets at a limited rate, and never a secret', async () => {
    for (let knock = 0; knock < 20; knock += 1) {
      const client = await stranger();
      await client.call('link.challenge').catch(() => {});
      await client.call('link.prove', 'x'.repeat(64), makeNonce()).catch(() => {});
    }
    const refusals = roles.jobs!.output.match(/a link was refused/g) ?? [];
    expect(refusals.length).toBeGreaterThan(0);
    expect(refusals.length).toBeLessThan(8);
    expect(roles.jobs!.output + roles.web!.output).not.toContain(secret);
  });

  test('is off without a secret in production, and says so at boot', async () => {
    const env = { NODE_ENV: 'production', TANDEM_NODE_HOST_IN_PRODUCTION: '1' };
    const key = 'a-signing-key-of-production-0123456789';
    const none = { link: { secret: null }, console: { operatorToken: null }, queue: { signingKey: key } };
    const pair = await startTestRoles({ env, settings: { web: none, jobs: none } });
    for (const role of [pair.web!, pair.jobs!]) await role.says(/the link is off: link\.secret is not set/);
    const client = await ForeignClient.open(pair.jobsUrl);
    await expect(client.call('link.challenge')).rejects.toMatchObject({ error: 404 });
    const health = (await (await fetch(`${pair.webUrl}/healthz`)).json()) as object;
    expect(health).toMatchObject({ status: 'ok', link: 'off' });
    client.close();
    await pair.stop();
  });

  test('proves itself again after each reconnect, and is back in seconds', async () => {
    const { mongoUrl } = roles;
    const state = async (webUrl: string) =>
      ((await (await fetch(`${webUrl}/healthz`)).json()) as { link: string }).link;
    await eventually(async () => (await state(roles.webUrl)) === 'up');
    roles.jobs!.kill();
    await eventually(async () => (await state(roles.webUrl)) === 'down');
    await roles.web!.says(/the link to \S+ is down/);
    const again = await startJobsAgain(mongoUrl, Number(new URL(roles.jobsUrl).port));
    try {
      await eventually(async () => (await state(roles.webUrl)) === 'up', { timeoutMs: 60_000 });
    } finally {
      again.kill();
    }
  });
});
