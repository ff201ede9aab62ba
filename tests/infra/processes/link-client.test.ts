import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { linkFactor, sendLimits } from '../../../infra/http/message-limits';
import { LinkClient, LinkError } from '../../../infra/link';
import { eventually } from '../../support/eventually';
import { testPort } from '../../support/ports';
import { secrets, startTestRoles, type TestRoles } from '../../support/roles';
import { TcpProxy } from '../../support/tcp-proxy';

// The link is code of a role: here it runs in the test's own process, on the Node host's modules.
jest.mock('meteor/ddp', () => require('../../../infra/node-host/modules/ddp'), { virtual: true });
jest.mock('meteor/ddp-rate-limiter', () => require('../../../infra/node-host/ddp/rate-limiter'), {
  virtual: true,
});
jest.mock('meteor/check', () => require('../../../infra/node-host/shared/check'), { virtual: true });
jest.mock('meteor/ejson', () => require('../../../infra/node-host/shared/ejson'), { virtual: true });
jest.mock('meteor/meteor', () => require('../../../infra/node-host/modules/meteor'), { virtual: true });
jest.mock('meteor/mongo', () => require('../../../infra/node-host/modules/mongo'), { virtual: true });

jest.setTimeout(120_000);

const secret = secrets.link;

/** The largest message that the other role takes. */
const narrow = 4_000;

let roles: TestRoles;
/** A jobs role with one worker, which one of the tests ends. */
let other: TestRoles;
const clients: LinkClient[] = [];
const lines: Server[] = [];
const said: { name: string; fields: object }[] = [];

beforeAll(async () => {
  roles = await startTestRoles();
  const jobs = { workers: { count: 1 }, limits: { messageBytes: narrow } };
  other = await startTestRoles({ web: false, mongoUrl: roles.mongoUrl, settings: { jobs } });
});

afterAll(async () => {
  for (const client of clients) await client.stop();
  for (const line of lines) line.close();
  await other.stop();
  await roles.stop();
});

async function link(options: Partial<ConstructorParameters<typeof LinkClient>[0]> = {}): Promise<LinkClient> {
  const emit = (name: string, fields: object) => void said.push({ name, fields });
  const { messageBytes = 1_048_576 } = options;
  const maySend = () => sendLimits({ messagesPerSecond: 50, messageBytes }, linkFactor * 0.8);
  const usual = { urls: [roles.jobsUrl], secret, waitMs: 60_000, retryMs: 300, messageBytes, maySend, emit };
  const client = new LinkClient({ ...usual, ...options });
  clients.push(client);
  await client.start();
  return client;
}

/** The url of a line to the jobs role that takes its time to open. */
const slowLine = (openMs: number) => lineTo(() => roles.jobsUrl, openMs);

/** The url of a line to whichever role that is when it opens. */
async function lineTo(url: () => string, openMs = 0): Promise<string> {
  const line = createServer(socket => {
    const { hostname, port } = new URL(url());
    socket.on('error', () => {});
    const upstream = connect(Number(port), hostname).on('error', () => socket.destroy());
    socket.once('close', () => upstream.destroy());
    setTimeout(() => socket.pipe(upstream).pipe(socket), openMs);
  });
  lines.push(line);
  await once(line.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(line.address() as AddressInfo).port}`;
}

const nowhere = async () => `http://127.0.0.1:${await testPort()}`;

describe('the client of the link', () => {
  test('waits for the link to come up, runs a task in the jobs role and gives its result', async () => {
    const jobs = await link();
    const run = jobs.run('burn', { seconds: 0.1, owner: 'test' });
    expect(jobs.isUp()).toBe(false);
    await run;
    expect(jobs.isUp()).toBe(true);
  });

  test('knows live what the jobs role does', async () => {
    const jobs = await link();
    await eventually(() => jobs.live().length === 1);
    expect(jobs.live()[0]).toMatchObject({ enabled: true, slots: expect.any(Number), schedules: expect.any(Array) });
    jobs.nudge();
  });

  test('says that a payload is refused, with the field and the value', async () => {
    const jobs = await link();
    const run = jobs.run('burn', { seconds: -1, owner: 'test' });
    await expect(run).rejects.toMatchObject({ name: 'LinkError', code: 'refused' });
    await expect(run).rejects.toThrow('burn.data.seconds: -1');
  });

  test('refuses what would have the jobs role cut the link, and everybody else’s runs go on', async () => {
    const jobs = await link();
    said.length = 0;
    const slow = jobs.run('burn', { seconds: 2, owner: 'test' });
    await eventually(() => jobs.isUp());
    const tooLong = jobs.run('burn', { seconds: 1, owner: 'é'.repeat(600_000) });
    await expect(tooLong).rejects.toMatchObject({ name: 'LinkError', code: 'refused' });
    await expect(tooLong).rejects.toThrow(/^burn\.data: 1200024 bytes .*limits\.messageBytes is 1048576, /);
    let owner: unknown = 'deep';
    for (let depth = 0; depth < 120; depth++) owner = [owner];
    const tooDeep = jobs.run('burn', { seconds: 1, owner } as never);
    await expect(tooDeep).rejects.toMatchObject({ code: 'refused' });
    await expect(tooDeep).rejects.toThrow(/^burn\.data/);
    await slow;
    await jobs.run('burn', { seconds: 0.1, owner: 'a'.repeat(1_048_000) });
    expect(said.map(({ name }) => name)).toEqual(['link.up']);
  });

  test('lets no more through at once than the jobs role takes, and everything in the end, also where the line breaks', async () => {
    const { hostname, port } = new URL(other.jobsUrl);
    const proxy = await TcpProxy.open(hostname, Number(port));
    const jobs = await link({ urls: [`http://127.0.0.1:${proxy.port}`], messageBytes: narrow });
    await eventually(() => jobs.isUp());
    const data = { seconds: -1, owner: 'x'.repeat(3_400) };
    const codes: string[] = [];
    const ask = (timeout: number) =>
      Array.from({ length: 105 }, () =>
        jobs.run('burn', data, { timeout }).catch(({ code }: LinkError) => void codes.push(code)),
      );
    const asked = ask(30_000);
    await eventually(() => codes.length > 70);
    await proxy.cut();
    // Meanwhile the turns of more than ten others come.
    await (await link()).run('burn', { seconds: 1, owner: 'test' });
    await proxy.mend();
    await Promise.all(asked);
    // Only what was on its way at that moment may be lost.
    expect(codes.filter(code => code === 'refused').length).toBeGreaterThan(100);
    codes.length = 0;
    await Promise.all(ask(100));
    expect(codes).toContain('timeout');
    expect(jobs.isUp()).toBe(true);
    await jobs.stop();
    await proxy.close();
  });

  test('says that a task took too long', async () => {
    const jobs = await link();
    const run = jobs.run('burn', { seconds: 10, owner: 'test' }, { timeout: 300 });
    await expect(run).rejects.toMatchObject({ code: 'timeout' });
    const forDays = jobs.run('burn', { seconds: 0.1, owner: 'test' }, { timeout: 86_400_000 });
    await expect(forDays).rejects.toMatchObject({ code: 'refused' });
    await expect(forDays).rejects.toThrow('timeout: 86400000 is no whole number of milliseconds from 1 to 3600000');
  });

  test('comes up over a line that takes longer to open than it waits between two tries', async () => {
    const jobs = await link({ urls: [await slowLine(1_500)], retryMs: 100 });
    await jobs.run('burn', { seconds: 0.1, owner: 'test' });
  });

  test('needs one of several jobs roles only', async () => {
    const jobs = await link({ urls: [await nowhere(), roles.jobsUrl, await nowhere()] });
    await jobs.run('burn', { seconds: 0.1, owner: 'test' });
  });

  test('asks another role where one drains, also behind the same address, and waits for what that one runs', async () => {
    let behind = other.jobsUrl;
    const service = await link({ urls: [await lineTo(() => behind)] });
    const pair = await link({ urls: [other.jobsUrl, roles.jobsUrl] });
    const slow = service.run('burn', { seconds: 8, owner: 'test' });
    await other.jobs!.says(/burn:\S+ started/);
    await eventually(() => pair.live().length === 2);
    const behindIt = [1, 2].map(() => service.run('burn', { seconds: 0.1, owner: 'test' }));
    // Over the same line: what was asked for before has come to that role.
    await expect(service.runSchedule('none')).rejects.toMatchObject({ code: 'refused' });
    other.jobs!.signal('SIGTERM');
    await other.jobs!.says(/draining/);
    behind = roles.jobsUrl;
    expect(await Promise.all(behindIt)).toHaveLength(2);
    for (const jobs of [pair, service])
      for (let n = 0; n < 6; n++) await jobs.run('burn', { seconds: 0.1, owner: 'test' });
    expect(other.jobs!.output).not.toMatch(/drained/);
    await slow;
    expect(await other.jobs!.ended).toBe(0);
    for (const jobs of [pair, service]) await jobs.stop();
  });

  test('asks what is asked for while the connection is down after it has proved itself anew', async () => {
    const { hostname, port } = new URL(roles.jobsUrl);
    const proxy = await TcpProxy.open(hostname, Number(port));
    const url = `http://127.0.0.1:${proxy.port}`;
    const jobs = await link({ urls: [url] });
    await jobs.run('burn', { seconds: 0.1, owner: 'test' });
    const cutShort = jobs.run('burn', { seconds: 20, owner: 'test' });
    await proxy.cut();
    await expect(cutShort).rejects.toMatchObject({ code: 'down' });
    said.length = 0;
    const asked = Promise.all(Array.from({ length: 3 }, () => jobs.run('burn', { seconds: 0.1, owner: 'test' })));
    jobs.nudge();
    expect(jobs.isUp()).toBe(false);
    await proxy.mend();
    expect(await asked).toHaveLength(3);
    // Whoever asks before it has proved itself is refused.
    const ofThis = said.filter(({ fields }) => (fields as { url?: string }).url === url);
    expect(ofThis).toEqual([{ name: 'link.up', fields: { url } }]);
    await jobs.stop();
    await proxy.close();
  });

  test('fails after a bounded wait while the link is down, and says so', async () => {
    const url = await nowhere();
    const jobs = await link({ urls: [url], waitMs: 500 });
    const run = jobs.run('burn', { seconds: 0.1, owner: 'test' });
    await expect(run).rejects.toEqual(
      new LinkError('down', `the link to the jobs role is down: ${url} not reached in 500 ms`),
    );
    expect(jobs.live()).toEqual([]);
    jobs.nudge();
  });

  test('stays down with a wrong secret, and says why once', async () => {
    const jobs = await link({ secret: 'not the secret, but as long as one', waitMs: 1_500 });
    const refusals = () => said.filter(({ name }) => name === 'link.refused');
    await eventually(() => refusals().length > 0, { timeoutMs: 60_000 });
    const run = jobs.run('burn', { seconds: 0.1, owner: 'test' });
    await expect(run).rejects.toMatchObject({ code: 'down' });
    expect(refusals()).toEqual([
      { name: 'link.refused', fields: { url: roles.jobsUrl, reason: 'the secret is wrong' } },
    ]);
  });
});
