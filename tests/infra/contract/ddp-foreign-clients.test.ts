import DDP from 'ddp.js';
import SimpleDDP from 'simpleddp';
import { WebSocket } from 'ws';
import { eventually } from '../../support/eventually';
import type { Host } from './ddp-truth/host';
import { runningApp } from './ddp-truth/running-app';

interface Thing {
  id: string;
  rank: number;
  a: unknown;
}

const running = runningApp('more');
let host: Host;

beforeAll(() => {
  host = running.host;
});

const options = () => ({ endpoint: host.webSocket, SocketConstructor: WebSocket, reconnectInterval: 50 });

/** A deploy: the process ends, another one takes its port. */
async function restart(): Promise<void> {
  const { port } = host;
  await host.stop();
  host = await running.app.start({ mongoUrl: running.database.url, port });
}

describe('simpleddp', () => {
  let client: SimpleDDP;

  beforeEach(async () => {
    client = new SimpleDDP(options());
    await client.connect();
    await client.call('truth.reset');
  });
  afterEach(() => client.disconnect());

  test('calls methods, with dates both ways', async () => {
    expect(await client.call('truth.number', 41)).toBe(42);
    expect(await client.call('truth.typesIn', { date: new Date(5) })).toMatchObject({ date: 5 });
    expect(await client.call('truth.echo', new Date(6), Number.NaN)).toEqual([new Date(6), Number.NaN]);
  });

  test('is told what went wrong', async () => {
    await expect(client.call('truth.unchecked')).rejects.toMatchObject({
      error: 'not-allowed',
      details: { field: 'x' },
    });
    await expect(client.call('truth.crash')).rejects.toMatchObject({ error: 500, reason: 'Internal server error' });
  });

  test('holds what it has subscribed to, and each change of it', async () => {
    const things = () => client.collection<Thing>('truth.things').fetch();
    const subscription = client.subscribe('truth.group', 'odd');
    await subscription.ready();
    expect(
      things()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['t1', 't3', 't5']);
    await client.call('truth.update', 't1', { $set: { a: 'changed' } });
    await eventually(() => things().some(({ id, a }) => id === 't1' && a === 'changed'));
    await client.call('truth.remove', 't3');
    await eventually(() => things().length === 2);
    await subscription.stop();
    await eventually(() => things().length === 0);
  });

  test('comes back by itself when the server does, and has its data again', async () => {
    await client.subscribe('truth.group', 'even').ready();
    await restart();
    await eventually(() => client.connected);
    await eventually(() => client.collection<Thing>('truth.things').fetch().length === 2);
    await client.call('truth.insert', { _id: 'new', group: 'even' });
    await eventually(() => client.collection<Thing>('truth.things').fetch().length === 3);
  });
});

describe('ddp.js', () => {
  let client: DDP;
  let heard: Record<string, unknown>[];

  beforeEach(async () => {
    client = new DDP(options());
    heard = [];
    for (const event of ['connected', 'ready', 'nosub', 'added', 'changed', 'removed', 'result', 'updated'])
      client.on(event, message => heard.push({ ...message, event }));
    await answer(client.method('truth.reset', []));
  });
  afterEach(() => client.disconnect());

  const answer = (id: string) =>
    eventually(() => heard.find(message => message.event === 'result' && message.id === id));

  test('calls methods', async () => {
    expect(await answer(client.method('truth.number', [41]))).toMatchObject({ result: 42 });
    expect(await answer(client.method('truth.types', []))).toMatchObject({ result: { date: { $date: 86400000 } } });
    expect(await answer(client.method('truth.number', ['x']))).toMatchObject({ error: { error: 400 } });
  });

  test('hears of documents, of each change, and of the end', async () => {
    const subscription = client.sub('truth.top', [1]);
    await eventually(() => heard.some(({ event }) => event === 'ready'));
    expect(heard).toContainEqual(expect.objectContaining({ event: 'added', id: 't5' }));
    await answer(client.method('truth.update', ['t1', { $set: { rank: 50 } }]));
    await eventually(() => heard.some(({ event, id }) => event === 'added' && id === 't1'));
    await eventually(() => heard.some(({ event, id }) => event === 'removed' && id === 't5'));
    client.unsub(subscription);
    await eventually(() => heard.some(({ event, id }) => event === 'nosub' && id === subscription));
  });

  test('comes back by itself when the server does', async () => {
    await restart();
    await eventually(() => heard.filter(({ event }) => event === 'connected').length === 2);
    expect(await answer(client.method('truth.number', [1]))).toMatchObject({ result: 2 });
  });
});
