import { Tracker } from '../../../infra/node-host/tracker/tracker';
import { eventually } from '../../support/eventually';
import { connect, ready, serve } from './node-host-scripted-server';

describe('a subscription', () => {
  test('tells when it is ready, why it ended, and that it was stopped', async () => {
    const server = serve();
    const connection = connect(server);
    const calls: unknown[] = [];
    const callbacks = { onReady: () => calls.push('ready'), onStop: (error?: Error) => calls.push(error ?? 'stopped') };
    connection.subscribe('refused', callbacks);
    const own = connection.subscribe('own', { n: 1 }, callbacks);
    const refused = await server.heard('sub');
    const { id, params } = await server.heard('sub', 2);
    expect(params).toEqual([{ n: 1 }]);
    server.say(ready(id), { msg: 'nosub', id: refused.id, error: { error: 'no-entry', reason: 'Not for you' } });
    await eventually(() => calls.length === 2);
    expect(own.ready()).toBe(true);
    own.stop();
    own.stop();
    expect(await server.heard('unsub')).toEqual({ msg: 'unsub', id });
    expect(own.ready()).toBe(false);
    expect(calls).toEqual(['ready', expect.objectContaining({ error: 'no-entry' }), 'stopped']);
  });

  test('of a computation is kept by a rerun that asks for the same, and ended by one that does not', async () => {
    const server = serve();
    const connection = connect(server);
    const topic = { name: 'one', changed: new Tracker.Dependency() };
    const computation = Tracker.autorun(() => {
      topic.changed.depend();
      connection.subscribe('constant', 1);
      connection.subscribe('topic', topic.name);
    });
    await server.heard('sub', 2);
    topic.name = 'two';
    topic.changed.changed();
    Tracker.flush();
    await server.heard('unsub');
    expect(server.all('sub').map(({ name, params }) => [name, params])).toEqual([
      ['constant', [1]],
      ['topic', ['one']],
      ['topic', ['two']],
    ]);
    computation.stop();
    Tracker.flush();
    await server.heard('unsub', 3);
  });
});
