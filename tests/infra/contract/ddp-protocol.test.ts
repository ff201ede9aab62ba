import { eventually } from '../../support/eventually';
import { runningApp } from './ddp-truth/running-app';
import { Talk } from './ddp-truth/talk';

const running = runningApp('more');

describe('opening a session', () => {
  test.each([
    ['the version is not among those supported', { version: '1', support: ['pre2'] }, '1'],
    ['nothing is said of what is supported', { version: '1' }, '1'],
    ['the client likes another version better that we speak', { version: '1', support: ['pre2', '1'] }, 'pre2'],
    ['what is supported is not a list of texts', { version: '1', support: ['1', 2] }, '1'],
  ])('fails with the version to try where %s', async (_case, connect, version) => {
    const talk = await Talk.silent(running.host.webSocket);
    const failed = await talk.ask({ msg: 'connect', ...connect }, 'failed');
    expect(failed).toEqual({ msg: 'failed', version });
    await eventually(() => talk.closed);
  });

  test('speaks an older version where the client wants it', async () => {
    const talk = await Talk.silent(running.host.webSocket);
    await talk.ask({ msg: 'connect', version: 'pre1', support: ['pre1'] }, 'connected');
    expect(await talk.ask({ msg: 'ping' }, 'error')).toEqual({
      msg: 'error',
      reason: 'Bad request',
      offendingMessage: { msg: 'ping' },
    });
  });

  test('answers a second connect with an error and goes on', async () => {
    const talk = await running.connect();
    const again = { msg: 'connect', version: '1', support: ['1'] };
    expect(await talk.ask(again, 'error')).toEqual({
      msg: 'error',
      reason: 'Already connected',
      offendingMessage: again,
    });
    expect((await talk.call('truth.null')).result).toBeNull();
  });
});

describe('what is malformed', () => {
  test.each([
    ['a subscription without a name', { msg: 'sub', id: '1' }, 'Malformed subscription'],
    ['a subscription whose id is a number', { msg: 'sub', id: 1, name: 'x' }, 'Malformed subscription'],
    ['parameters that are no list', { msg: 'sub', id: '1', name: 'x', params: {} }, 'Malformed subscription'],
    [
      'a random seed that is a number',
      { msg: 'method', id: '1', method: 'x', params: [], randomSeed: 1 },
      'Malformed method invocation',
    ],
    ['a message whose kind is a number', { msg: 5 }, 'Bad request'],
    ['a list', [1], 'Bad request'],
  ])('is answered with the message itself: %s', async (_case, message, reason) => {
    const talk = await running.connect();
    const error = await talk.ask(JSON.stringify(message), 'error');
    expect(error).toEqual({ msg: 'error', reason, offendingMessage: message });
    expect((await talk.call('truth.null')).result).toBeNull();
  });

  test.each([
    ['an EJSON type that nobody knows', { msg: 'method', id: '1', method: 'x', params: [{ $type: 'no', $value: 1 }] }],
    ['a regular expression that is none', { msg: 'sub', id: '1', params: [{ $regexp: '(', $flags: '' }] }],
    ['cleared fields that are no list', { msg: 'sub', id: '1', cleared: 5 }],
  ])('is a parse error: %s', async (_case, message) => {
    const talk = await running.connect();
    expect(await talk.ask(JSON.stringify(message), 'error')).toEqual({ msg: 'error', reason: 'Parse error' });
    expect((await talk.call('truth.null')).result).toBeNull();
  });
});

describe('subscriptions', () => {
  test('are ignored where their id is known, as clients send them again after a reconnect', async () => {
    const talk = await running.connect();
    talk.say({ msg: 'sub', id: 's', name: 'more.merge', params: [1] });
    talk.say({ msg: 'sub', id: 's', name: 'more.merge', params: [2] });
    await talk.call('truth.null');
    expect(talk.documents('more.merged')).toEqual({ x: { shared: 1, 'own-1': 1 } });
    expect(talk.all('ready')).toHaveLength(1);
  });

  test('that nobody knows end with nosub, too', async () => {
    const talk = await running.connect();
    expect(await talk.ask({ msg: 'unsub', id: 'unknown' }, 'nosub')).toEqual({ msg: 'nosub', id: 'unknown' });
  });

  test('are refused where a rule says that it is one too many', async () => {
    const talk = await running.connect();
    await talk.subscribe('more.limited');
    const second = await talk.subscribe('more.limited');
    expect((await talk.heard({ msg: 'nosub', id: second })).error).toMatchObject({
      error: 'too-many-requests',
      reason: expect.stringMatching(/^Error, too many requests. Please slow down. You must wait \d+ seconds/),
      details: { timeToReset: expect.any(Number) },
    });
  });
});

describe('a rule with words of its own', () => {
  test('says them', async () => {
    const talk = await running.connect();
    expect((await talk.call('more.limitedMessage')).result).toBe('once');
    expect((await talk.call('more.limitedMessage')).error).toMatchObject({ reason: 'Enough of this.' });
  });

  test('is one of ten where it says 0, which Meteor takes for nothing', async () => {
    const talk = await running.connect();
    for (let call = 0; call < 10; call += 1) expect((await talk.call('more.limitedByZero')).result).toBe('ten times');
    expect((await talk.call('more.limitedByZero')).error).toMatchObject({ error: 'too-many-requests' });
  });
});

describe('browsers that write to a collection directly', () => {
  test.each([
    ['/truth.things/insertAsync', [{ _id: 'x' }], { error: 403, reason: 'Access denied' }],
    ['/truth.things/insert', [{ _id: 'x' }], { error: 403, reason: 'Access denied' }],
    ['/truth.things/remove', ['t1'], { error: 403, reason: 'Access denied' }],
    [
      '/truth.things/updateAsync',
      [{}, { $set: { a: 1 } }],
      { error: 403, reason: 'Not permitted. Untrusted code may only updateAsync documents by ID.' },
    ],
  ])('are refused: %s', async (method, params, error) => {
    const talk = await running.connect();
    expect((await talk.call(method, ...params)).error).toMatchObject(error);
  });
});
