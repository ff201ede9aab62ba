import type { ConnectionOptions } from '../../../infra/node-host/ddp-client/connection-options';
import { socketUrl } from '../../../infra/node-host/ddp-client/socket';
import { retryWait } from '../../../infra/node-host/ddp-client/stream';
import { Tracker } from '../../../infra/node-host/tracker/tracker';
import { eventually } from '../../support/eventually';
import { added, connect, DDP, ready, serve, things, updated } from './node-host-scripted-server';

describe('the address of a site', () => {
  test.each([
    ['http://localhost:3000', 'ws://localhost:3000/websocket'],
    ['https://tandem.example/app/', 'wss://tandem.example/app/websocket'],
    ['localhost:3000', 'ws://localhost:3000/websocket'],
    ['ws://localhost:3000', 'ws://localhost:3000/websocket'],
    ['/', 'wss://site.example/below/websocket'],
  ])('%s is %s', (url, expected) => {
    expect(socketUrl(url, 'https://site.example/below')).toBe(expected);
  });

  test.each([['ftp://x'], ['http://'], ['not a url']])('refuses %s', url => {
    expect(() => socketUrl(url, '')).toThrow(`DDP.connect: "${url}" is not the url of a site`);
  });
});

test('refuses an option that it would have to drop', () => {
  const options = { npmFayeOptions: {} } as Partial<ConnectionOptions>;
  expect(() => DDP.connect('http://localhost:1', options)).toThrow('option "npmFayeOptions" is not part of');
});

test('waits as Meteor does before it tries again', () => {
  const waits = [0, 1, 2, 3, 9].map(count => retryWait(count, () => 0.5));
  expect(waits.map(Math.round)).toEqual([10, 10, 4840, 10648, 300_000]);
  expect(retryWait(2, () => 0)).toBeCloseTo(3630);
  expect(retryWait(2, () => 1)).toBeCloseTo(6050);
});

describe('the wire', () => {
  test('is given up when a ping stays unanswered', async () => {
    const server = serve();
    connect(server, { heartbeatInterval: 30, heartbeatTimeout: 30 });
    await server.heard('ping');
    await eventually(() => server.sessions > 1);
  });

  test('answers pings, and ignores what it does not know or cannot read', async () => {
    const server = serve();
    const connection = connect(server);
    await eventually(() => connection.status().connected && server.sessions > 0);
    server.sayText('no json');
    server.say({ msg: 'brandNew' }, { server_id: '0' }, updated('unknown'), ready('unknown'));
    server.say({ msg: 'result', id: 'unknown' }, { msg: 'ping', id: 'p1' });
    expect(await server.heard('pong')).toEqual({ msg: 'pong', id: 'p1' });
  });

  test('takes the version that the server asks for, where it speaks it', async () => {
    const server = serve(its => {
      const { version } = its.all('connect').at(-1)!;
      return version === 'pre2' ? its.session() : { msg: 'failed', version: 'pre2' };
    });
    const connection = connect(server);
    await eventually(() => server.sessions === 1 && connection.status().connected);
  });

  test('fails for good where it does not', async () => {
    const server = serve(() => ({ msg: 'failed', version: '99' }));
    const reasons: string[] = [];
    const connection = connect(server, { onDDPVersionNegotiationFailure: reason => reasons.push(reason) });
    await eventually(() => connection.status().status === 'failed');
    expect(connection.status().reason).toContain('99');
    expect(reasons).toHaveLength(1);
  });

  test('keeps documents for a collection that is made later', async () => {
    const server = serve();
    const connection = connect(server);
    const handle = connection.subscribe('all');
    server.say(added('early'), ready((await server.heard('sub')).id));
    await eventually(() => handle.ready());
    expect(things(connection).findOne('early')).toBeDefined();
    expect(() => things(connection)).toThrow('already a collection');
  });

  test('has a reactive user', async () => {
    const connection = connect(serve());
    const seen: (string | null)[] = [];
    const computation = Tracker.autorun(() => seen.push(connection.userId()));
    connection.setUserId('u');
    connection.setUserId('u');
    Tracker.flush();
    expect(seen).toEqual([null, 'u']);
    computation.stop();
  });
});
