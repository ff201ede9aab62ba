import { MeteorError } from '../../../infra/node-host/shared/meteor-error';
import { eventually } from '../../support/eventually';
import { added, connect, serve, things, updated } from './node-host-scripted-server';

describe('a method call', () => {
  test('resolves when both its result and its writes are here', async () => {
    const server = serve();
    const connection = connect(server);
    const collection = things(connection);
    const call = connection.callAsync('write', 1, new Date(5));
    const { id, params } = await server.heard('method');
    expect(params).toEqual([1, { $date: 5 }]);
    let result: unknown;
    const settled = call.then(value => {
      result = value;
    });
    server.say({ msg: 'result', id, result: { $date: 7 } }, added('a'));
    await eventually(() => collection.findOne('a'));
    expect(result).toBeUndefined();
    server.say(updated(id));
    await settled;
    expect(result).toEqual(new Date(7));
  });

  test('tells its result early to onResultReceived', async () => {
    const server = serve();
    const connection = connect(server);
    const received = new Promise(resolve => {
      connection.applyAsync('write', [], { onResultReceived: (_error, result) => resolve(result) });
    });
    const { id } = await server.heard('method');
    server.say({ msg: 'result', id, result: 'early' });
    expect(await received).toBe('early');
  });

  test('rejects with the error that the server sent', async () => {
    const server = serve();
    const connection = connect(server);
    const call = connection.callAsync('fail');
    const { id } = await server.heard('method');
    server.say({ msg: 'result', id, error: { error: 404, reason: 'Not here', details: 'x' } }, updated(id));
    const error = await call.catch(caught => caught);
    expect(error).toBeInstanceOf(MeteorError);
    expect(error).toMatchObject({ error: 404, reason: 'Not here', details: 'x', message: 'Not here [404]' });
  });

  test('takes a callback in the older forms', async () => {
    const server = serve();
    const connection = connect(server);
    const results = new Promise(resolve => {
      connection.call('old', 1, (_error: unknown, first: unknown) => {
        connection.apply('old', [2], (_again, second) => resolve([first, second]));
      });
    });
    const first = await server.heard('method');
    server.say({ msg: 'result', id: first.id, result: 'one' }, updated(first.id));
    const second = await server.heard('method', 2);
    server.say({ msg: 'result', id: second.id, result: 'two' }, updated(second.id));
    expect(await results).toEqual(['one', 'two']);
    expect(() => connection.callAsync('x', () => {})).toThrow('does not accept a callback');
  });

  test('with wait goes out alone', async () => {
    const server = serve();
    const connection = connect(server);
    const collection = things(connection);
    connection.callAsync('first');
    connection.applyAsync('login', [], { wait: true });
    connection.callAsync('after');
    const first = await server.heard('method');
    server.say({ msg: 'result', id: first.id }, updated(first.id));
    const login = await server.heard('method', 2);
    expect(login.method).toBe('login');
    // All data waits for its end.
    server.say(added('a'), { msg: 'result', id: login.id }, { msg: 'ping', id: 'p' });
    await server.heard('pong');
    expect(server.all('method')).toHaveLength(2);
    expect(collection.findOne('a')).toBeUndefined();
    server.say(updated(login.id));
    expect((await server.heard('method', 3)).method).toBe('after');
    expect(collection.findOne('a')).toBeDefined();
  });
});
