import { eventually } from '../../support/eventually';
import { runningApp } from './ddp-truth/running-app';
import { Talk } from './ddp-truth/talk';

const running = runningApp('more');

const events = async (talk: Talk) => (await talk.call('more.events')).result as string[];

describe('a session', () => {
  test('is told to the app when it opens and when it closes', async () => {
    const watcher = await running.connect();
    const talk = await running.connect();
    const { session } = await talk.heard({ msg: 'connected' });
    expect(await events(watcher)).toContain(`open ${session}`);
    talk.close();
    await eventually(async () => (await events(watcher)).includes(`closed ${session}`));
  });

  test('is gone from the server when its socket has closed', async () => {
    const watcher = await running.connect();
    const count = async () => (await watcher.call('more.sessions')).result;
    const before = await count();
    const talk = await running.connect();
    expect(await count()).toBe(Number(before) + 1);
    talk.close();
    await eventually(async () => (await count()) === before);
  });

  test('has the address that the client connects from, and those headers that SockJS hands on', async () => {
    const talk = await running.connect({
      headers: { 'x-forwarded-for': '1.2.3.4', 'x-of-ours': 'yes', cookie: 'a=b', 'user-agent': 'a test' },
    });
    expect((await talk.call('more.address')).result).toMatch(/^(::1|127\.0\.0\.1|::ffff:127\.0\.0\.1)$/);
    for (const [name, value] of [
      ['x-forwarded-for', '1.2.3.4'],
      ['user-agent', 'a test'],
      ['x-of-ours', undefined],
      ['cookie', undefined],
    ] as const)
      expect((await talk.call('more.header', name)).result).toBe(value);
  });

  test('can be closed by the server while others go on', async () => {
    const talk = await running.connect();
    talk.say({ msg: 'method', method: 'truth.closeMe', params: [], id: '1' });
    await eventually(() => talk.closed);
    expect((await (await running.connect()).call('truth.null')).result).toBeNull();
  });

  test('answers pings while a method of it runs', async () => {
    const talk = await running.connect();
    const slow = talk.call('truth.slow', 400, 'done');
    talk.say({ msg: 'ping', id: 'p' });
    const result = await slow;
    expect(result.result).toBe('done');
    const pong = await talk.heard({ msg: 'pong', id: 'p' });
    expect(talk.heardAll.indexOf(pong)).toBeLessThan(talk.heardAll.indexOf(result));
  });
});

describe('behind proxies', () => {
  test.each([
    ['1', '1.1.1.1, 2.2.2.2, 3.3.3.3', '3.3.3.3'],
    ['2', '1.1.1.1, 2.2.2.2, 3.3.3.3', '2.2.2.2'],
    ['4', '1.1.1.1', null],
  ])('HTTP_FORWARDED_COUNT=%s makes of %s the address %s', async (count, header, address) => {
    const { webSocket } = await running.app.start({
      mongoUrl: running.database.url,
      env: { HTTP_FORWARDED_COUNT: count },
    });
    const talk = await Talk.connected(webSocket, { headers: { 'x-forwarded-for': header } });
    expect((await talk.call('more.address')).result).toBe(address);
  });
});

describe('the heartbeat', () => {
  test('pings a silent client and closes one that does not answer', async () => {
    // The answering one has this long, however busy the machine is.
    const settings = { heartbeat: { heartbeatInterval: 100, heartbeatTimeout: 2_000 } };
    const env = { METEOR_SETTINGS: JSON.stringify(settings) };
    const { webSocket } = await running.app.start({ mongoUrl: running.database.url, env });
    const silent = await Talk.connected(webSocket);
    const answering = await Talk.connected(webSocket);
    for (let answered = 0; !silent.closed; answered++) {
      await eventually(() => silent.closed || answering.all('ping').length > answered);
      answering.say({ msg: 'pong' });
    }
    expect(silent.all('ping').length).toBeGreaterThan(0);
    expect(answering.closed).toBe(false);
  });
});
