import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Connection } from '../../infra/node-host/ddp-client/connection';
import type { ConnectionOptions } from '../../infra/node-host/ddp-client/connection-options';
import { makeDDP } from '../../infra/node-host/ddp-client/ddp';
import { MemoryCollection } from '../../infra/node-host/ddp-client/minimongo/collection';
import { nodePlatform } from '../../infra/node-host/ddp-client/node-platform';
import { retryWait } from '../../infra/node-host/ddp-client/retry';
import { socketUrl } from '../../infra/node-host/ddp-client/socket';
import { MeteorError } from '../../infra/node-host/shared/meteor-error';
import { Tracker } from '../../infra/node-host/tracker';
import { eventually } from '../support/eventually';

interface Message {
  msg: string;
  id?: string;
  [field: string]: unknown;
}

/** The other end of the wire: it says what a test has it say, message by message, which a real server can't. */
class ScriptedServer {
  received: Message[] = [];
  sessions = 0;
  private readonly server = new WebSocketServer({ port: 0 });
  private socket: WebSocket | undefined;

  constructor(private greeting: (server: ScriptedServer) => Message | undefined = server => server.session()) {
    this.server.on('connection', socket => {
      this.socket = socket;
      socket.on('message', data => this.hear(JSON.parse(String(data))));
    });
  }

  get url(): string {
    return `http://localhost:${(this.server.address() as AddressInfo).port}`;
  }

  session(): Message {
    this.sessions += 1;
    return { msg: 'connected', session: `s${this.sessions}` };
  }

  say(...messages: object[]): void {
    for (const message of messages) this.socket!.send(JSON.stringify(message));
  }

  sayText(text: string): void {
    this.socket!.send(text);
  }

  all(msg: string): Message[] {
    return this.received.filter(message => message.msg === msg);
  }

  /** Waits for the n-th message of a kind. */
  heard(msg: string, n = 1): Promise<Message> {
    return eventually(() => this.all(msg)[n - 1]);
  }

  drop(): void {
    this.received = [];
    this.socket!.terminate();
  }

  close(): void {
    for (const socket of this.server.clients) socket.terminate();
    this.server.close();
  }

  private hear(message: Message): void {
    this.received.push(message);
    const answer = message.msg === 'connect' && this.greeting(this);
    if (answer) this.say(answer);
  }
}

const DDP = makeDDP(nodePlatform(() => 'http://localhost:3000'));
const opened: { close(): void }[] = [];

function serve(greeting?: (server: ScriptedServer) => Message | undefined): ScriptedServer {
  const server = new ScriptedServer(greeting);
  opened.push(server);
  return server;
}

function connect(server: ScriptedServer, options: Partial<ConnectionOptions> = {}): Connection {
  const connection = DDP.connect(server.url, { _dontPrintErrors: true, ...options });
  opened.push(connection);
  return connection;
}

afterEach(() => {
  for (const it of opened.splice(0).reverse()) it.close();
});

const added = (id: string, fields: object = {}) => ({ msg: 'added', collection: 'things', id, fields });
const updated = (...methods: (string | undefined)[]) => ({ msg: 'updated', methods });
const ready = (...subs: (string | undefined)[]) => ({ msg: 'ready', subs });
const things = (connection: Connection) => new MemoryCollection('things', { connection });

describe('the address of a site', () => {
  it.each([
    ['http://localhost:3000', 'ws://localhost:3000/websocket'],
    ['https://tandem.example/app/', 'wss://tandem.example/app/websocket'],
    ['localhost:3000', 'ws://localhost:3000/websocket'],
    ['ws://localhost:3000', 'ws://localhost:3000/websocket'],
    ['/', 'wss://site.example/below/websocket'],
  ])('%s is %s', (url, expected) => {
    expect(socketUrl(url, 'https://site.example/below')).toBe(expected);
  });

  it.each([['ftp://x'], ['http://'], ['not a url']])('refuses %s', url => {
    expect(() => socketUrl(url, '')).toThrow(`DDP.connect: "${url}" is not the url of a site`);
  });
});

it('refuses an option that it would have to drop', () => {
  const options = { npmFayeOptions: {} } as Partial<ConnectionOptions>;
  expect(() => DDP.connect('http://localhost:1', options)).toThrow('option "npmFayeOptions" is not part of');
});

it('waits as Meteor does before it tries again', () => {
  const waits = [0, 1, 2, 3, 9].map(count => retryWait(count, () => 0.5));
  expect(waits.map(Math.round)).toEqual([10, 10, 4840, 10648, 300_000]);
  expect(retryWait(2, () => 0)).toBeCloseTo(3630);
  expect(retryWait(2, () => 1)).toBeCloseTo(6050);
});

describe('a method call', () => {
  it('resolves when both its result and its writes are here', async () => {
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

  it('tells its result early to onResultReceived', async () => {
    const server = serve();
    const connection = connect(server);
    const received = new Promise(resolve => {
      connection.applyAsync('write', [], { onResultReceived: (_error, result) => resolve(result) });
    });
    const { id } = await server.heard('method');
    server.say({ msg: 'result', id, result: 'early' });
    expect(await received).toBe('early');
  });

  it('rejects with the error that the server sent', async () => {
    const server = serve();
    const connection = connect(server);
    const call = connection.callAsync('fail');
    const { id } = await server.heard('method');
    server.say({ msg: 'result', id, error: { error: 404, reason: 'Not here', details: 'x' } }, updated(id));
    const error = await call.catch(caught => caught);
    expect(error).toBeInstanceOf(MeteorError);
    expect(error).toMatchObject({ error: 404, reason: 'Not here', details: 'x', message: 'Not here [404]' });
  });

  it('takes a callback in the older forms', async () => {
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

  it('with wait goes out alone', async () => {
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

describe('after a lost connection', () => {
  it('a call under way is sent again', async () => {
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

  it('one with noRetry fails, and is not', async () => {
    const server = serve();
    const connection = connect(server);
    await eventually(() => server.sessions > 0);
    const call = connection.applyAsync('once', [], { noRetry: true }).catch(error => error);
    await server.heard('method');
    server.drop();
    expect(await call).toMatchObject({ error: 'invocation-failed' });
    expect(server.all('method')).toEqual([]);
  });

  it('one with noRetry that was made meanwhile fails as well, as on Meteor', async () => {
    const server = serve();
    const call = connect(server).applyAsync('too early', [], { noRetry: true });
    await expect(call).rejects.toMatchObject({ error: 'invocation-failed' });
    expect(server.all('method')).toEqual([]);
  });

  it('one that has its result is done with the new session', async () => {
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

  it('the calls of onReconnect go first', async () => {
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

  it('subscriptions are sent again, and the data changes over without a gap', async () => {
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

  it('a second loss before the data is there leaves the old data in place', async () => {
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

  it('shows in the status, reactively', async () => {
    const server = serve();
    const connection = connect(server);
    const seen: string[] = [];
    const computation = Tracker.autorun(() => seen.push(connection.status().status));
    await eventually(() => connection.status().connected);
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

  it('stays lost with retry: false', async () => {
    const server = serve();
    const connection = connect(server, { retry: false });
    await eventually(() => connection.status().connected);
    server.drop();
    await eventually(() => connection.status().status === 'failed');
  });

  it('comes back at once when asked to', async () => {
    const server = serve();
    const connection = connect(server);
    await eventually(() => connection.status().connected);
    connection.disconnect();
    connection.reconnect();
    await eventually(() => connection.status().connected);
    expect(connection.status()).toMatchObject({ status: 'connected', retryCount: 0 });
  });
});

describe('a subscription', () => {
  it('tells when it is ready, why it ended, and that it was stopped', async () => {
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

  it('of a computation is kept by a rerun that asks for the same, and ended by one that does not', async () => {
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

describe('the wire', () => {
  it('is given up when a ping stays unanswered', async () => {
    const server = serve();
    connect(server, { heartbeatInterval: 30, heartbeatTimeout: 30 });
    await server.heard('ping');
    await eventually(() => server.sessions > 1);
  });

  it('answers pings, and ignores what it does not know or cannot read', async () => {
    const server = serve();
    const connection = connect(server);
    await eventually(() => connection.status().connected && server.sessions > 0);
    server.sayText('no json');
    server.say({ msg: 'brandNew' }, { server_id: '0' }, updated('unknown'), ready('unknown'));
    server.say({ msg: 'result', id: 'unknown' }, { msg: 'ping', id: 'p1' });
    expect(await server.heard('pong')).toEqual({ msg: 'pong', id: 'p1' });
  });

  it('takes the version that the server asks for, where it speaks it', async () => {
    const server = serve(its => {
      const { version } = its.all('connect').at(-1)!;
      return version === 'pre2' ? its.session() : { msg: 'failed', version: 'pre2' };
    });
    const connection = connect(server);
    await eventually(() => server.sessions === 1 && connection.status().connected);
  });

  it('fails for good where it does not', async () => {
    const server = serve(() => ({ msg: 'failed', version: '99' }));
    const reasons: string[] = [];
    const connection = connect(server, { onDDPVersionNegotiationFailure: reason => reasons.push(reason) });
    await eventually(() => connection.status().status === 'failed');
    expect(connection.status().reason).toContain('99');
    expect(reasons).toHaveLength(1);
  });

  it('keeps documents for a collection that is made later', async () => {
    const server = serve();
    const connection = connect(server);
    const handle = connection.subscribe('all');
    server.say(added('early'), ready((await server.heard('sub')).id));
    await eventually(() => handle.ready());
    expect(things(connection).findOne('early')).toBeDefined();
    expect(() => things(connection)).toThrow('already a collection');
  });

  it('has a reactive user', async () => {
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
