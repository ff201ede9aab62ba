import { type TestDatabase, testDatabase } from '../support/database';
import { eventually } from '../support/eventually';
import { bundle, type HostApp } from './ddp-truth/host';
import { Talk } from './ddp-truth/talk';

let database: TestDatabase;
let app: HostApp;
let url: string;

beforeAll(async () => {
  database = await testDatabase();
  app = await bundle('more');
  url = (await app.start({ mongoUrl: database.url })).webSocket;
});
afterAll(async () => {
  await app?.remove();
  await database?.drop();
});

const events = async (talk: Talk) => (await talk.call('more.events')).result as string[];

describe('a session', () => {
  it('is told to the app when it opens and when it closes', async () => {
    const watcher = await Talk.connected(url);
    const talk = await Talk.connected(url);
    const { session } = await talk.heard({ msg: 'connected' });
    expect(await events(watcher)).toContain(`open ${session}`);
    talk.close();
    await eventually(async () => (await events(watcher)).includes(`closed ${session}`));
  });

  it('is gone from the server when its socket has closed', async () => {
    const watcher = await Talk.connected(url);
    const count = async () => (await watcher.call('more.sessions')).result;
    const before = await count();
    const talk = await Talk.connected(url);
    expect(await count()).toBe(Number(before) + 1);
    talk.close();
    await eventually(async () => (await count()) === before);
  });

  it('has the address that the client connects from, and its headers', async () => {
    const talk = await Talk.connected(url, { headers: { 'x-forwarded-for': '1.2.3.4', 'x-of-ours': 'yes' } });
    expect((await talk.call('more.address')).result).toMatch(/^(::1|127\.0\.0\.1|::ffff:127\.0\.0\.1)$/);
    expect((await talk.call('more.header', 'x-of-ours')).result).toBe('yes');
  });

  it('can be closed by the server while others go on', async () => {
    const talk = await Talk.connected(url);
    talk.say({ msg: 'method', method: 'truth.closeMe', params: [], id: '1' });
    await eventually(() => talk.closed);
    expect((await (await Talk.connected(url)).call('truth.null')).result).toBeNull();
  });

  it('answers pings while a method of it runs', async () => {
    const talk = await Talk.connected(url);
    const slow = talk.call('truth.slow', 400, 'done');
    expect(await talk.ask({ msg: 'ping', id: 'p' }, 'pong')).toEqual({ msg: 'pong', id: 'p' });
    expect(talk.all('result')).toEqual([]);
    expect((await slow).result).toBe('done');
  });
});

describe('behind proxies', () => {
  it.each([
    ['1', '1.1.1.1, 2.2.2.2, 3.3.3.3', '3.3.3.3'],
    ['2', '1.1.1.1, 2.2.2.2, 3.3.3.3', '2.2.2.2'],
    ['4', '1.1.1.1', null],
  ])('HTTP_FORWARDED_COUNT=%s makes of %s the address %s', async (count, header, address) => {
    const { webSocket } = await app.start({ mongoUrl: database.url, env: { HTTP_FORWARDED_COUNT: count } });
    const talk = await Talk.connected(webSocket, { headers: { 'x-forwarded-for': header } });
    expect((await talk.call('more.address')).result).toBe(address);
  });
});

describe('the heartbeat', () => {
  it('pings a silent client and closes one that does not answer', async () => {
    const settings = { heartbeat: { heartbeatInterval: 100, heartbeatTimeout: 100 } };
    const env = { METEOR_SETTINGS: JSON.stringify(settings) };
    const { webSocket } = await app.start({ mongoUrl: database.url, env });
    const silent = await Talk.connected(webSocket);
    const answering = await Talk.connected(webSocket);
    const pings = () => answering.all('ping').length;
    while (!silent.closed) {
      const before = pings();
      await eventually(() => silent.closed || pings() > before);
      answering.say({ msg: 'pong' });
    }
    expect(silent.all('ping').length).toBeGreaterThan(0);
    expect(answering.closed).toBe(false);
  });
});
