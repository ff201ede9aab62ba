import type { Connection } from '../../../infra/node-host/ddp-client/connection';
import { Tracker } from '../../../infra/node-host/tracker/tracker';
import { eventually } from '../../support/eventually';
import { added, connect, DDP, ready, serve, things, updated } from './node-host-scripted-server';

describe('after a lost connection', () => {
  test('a call under way is sent again', async () => {
    const server = serve();
    const connection = connect(server);
    const call = connection.callAsync('twice', 'x');
    await server.heard('method');
    server.drop();
    const { id, params } = await server.heard('method');
    expect(params).toEqual(['x']);
    expect((await server.heard('connect')).session).toBe('s1');
    server.say({ msg: 'result', id, result: 'done' }, updated(id));
    expect(await call).toBe('done');
  });

  test('one with noRetry fails, and is not', async () => {
    const server = serve();
    const connection = connect(server);
    await eventually(() => server.sessions > 0);
    const call = connection.applyAsync('once', [], { noRetry: true }).catch(error => error);
    await server.heard('method');
    server.drop();
    expect(await call).toMatchObject({ error: 'invocation-failed' });
    expect(server.all('method')).toEqual([]);
  });

  test('one with noRetry that was made meanwhile fails as well, as on Meteor', async () => {
    const server = serve();
    const call = connect(server).applyAsync('too early', [], { noRetry: true });
    await expect(call).rejects.toMatchObject({ error: 'invocation-failed' });
    expect(server.all('method')).toEqual([]);
  });

  test('one that has its result is done with the new session', async () => {
    const server = serve();
    const connection = connect(server);
    let received = false;
    const options = { onResultReceived: () => (received = true) };
    const call = connection.applyAsync('half', [], options);
    const { id } = await server.heard('method');
    server.say({ msg: 'result', id, result: 'half' });
    await eventually(() => received);
    server.drop();
    expect(await call).toBe('half');
    expect(server.all('method')).toEqual([]);
  });

  test('the calls of onReconnect go first', async () => {
    const server = serve();
    const connection = connect(server);
    connection.callAsync('later');
    await server.heard('method');
    connection.onReconnect = () => void connection.applyAsync('enter', [], { wait: true });
    const seen: Connection[] = [];
    const hook = DDP.onReconnect(its => seen.push(its));
    server.drop();
    const { id, method } = await server.heard('method');
    hook.stop();
    expect([method, seen]).toEqual(['enter', [connection]]);
    server.say({ msg: 'result', id }, updated(id));
    expect((await server.heard('method', 2)).method).toBe('later');
  });

  test('subscriptions are sent again, and the data changes over without a gap', async () => {
    const server = serve();
    const connection = connect(server);
    const collection = things(connection);
    const handle = connection.subscribe('all');
    const { id: sub } = await server.heard('sub');
    server.say(added('a', { n: 1 }), added('b', { n: 1 }), added('c', { n: 1 }), ready(sub));
    await eventually(() => handle.ready());
    const counts: number[] = [];
    const changes: unknown[] = [];
    const computation = Tracker.autorun(() => counts.push(collection.find().count()));
    collection.find().observeChanges({
      _suppress_initial: true,
      added: id => changes.push(['added', id]),
      changed: (id, fields) => changes.push(['changed', id, fields]),
      removed: id => changes.push(['removed', id]),
    });
    server.drop();
    expect(await server.heard('sub')).toMatchObject({ id: sub, name: 'all' });
    server.say(added('a', { n: 1 }), added('b', { n: 2 }), { msg: 'ping' });
    await server.heard('pong');
    expect(collection.find().count()).toBe(3);
    expect(handle.ready()).toBe(true);
    server.say(added('d', { n: 1 }), ready(sub));
    await eventually(() => changes.length === 3);
    expect(changes).toEqual(
      expect.arrayContaining([
        ['changed', 'b', { n: 2 }],
        ['removed', 'c'],
        ['added', 'd'],
      ]),
    );
    Tracker.flush();
    expect(counts).toEqual([3, 3]);
    computation.stop();
  });

  test('a second loss before the data is there leaves the old data in place', async () => {
    const server = serve();
    const connection = connect(server);
    const collection = things(connection);
    const handle = connection.subscribe('all');
    server.say(added('a'), ready((await server.heard('sub')).id));
    await eventually(() => handle.ready());
    server.drop();
    await server.heard('sub');
    server.say(added('b'), { msg: 'ping' });
    await server.heard('pong');
    server.drop();
    const { id } = await server.heard('sub');
    expect(collection.findOne('a')).toBeDefined();
    server.say(added('c'), ready(id));
    await eventually(() => collection.findOne('c'));
    expect(collection.find().map(({ _id }) => _id)).toEqual(['c']);
  });

  test('shows in the status, reactively', async () => {
    const server = serve();
    const connection = connect(server);
    const seen: string[] = [];
    const computation = Tracker.autorun(() => seen.push(connection.status().status));
    await eventually(() => seen.includes('connected'));
    server.close();
    await eventually(() => connection.status().status === 'waiting' && connection.status().retryCount >= 2);
    expect(connection.status().retryTime).toBeGreaterThan(Date.now());
    expect(connection.status().connected).toBe(false);
    connection.disconnect();
    expect(connection.status()).toEqual({ status: 'offline', connected: false, retryCount: 0 });
    connection.close();
    connection.reconnect();
    expect(connection.status().status).toBe('failed');
    expect(seen.slice(0, 2)).toEqual(['connecting', 'connected']);
    computation.stop();
  });

  test('stays lost with retry: false', async () => {
    const server = serve();
    const connection = connect(server, { retry: false });
    await eventually(() => connection.status().connected);
    server.drop();
    await eventually(() => connection.status().status === 'failed');
  });

  test('comes back at once when asked to', async () => {
    const server = serve();
    const connection = connect(server);
    await eventually(() => connection.status().connected);
    connection.disconnect();
    connection.reconnect();
    await eventually(() => connection.status().connected);
    expect(connection.status()).toMatchObject({ status: 'connected', retryCount: 0 });
  });
});
