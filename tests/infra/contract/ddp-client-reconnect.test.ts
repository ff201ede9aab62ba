import type { Connection } from '../../../infra/node-host/ddp-client/connection';
import { makeDDP } from '../../../infra/node-host/ddp-client/ddp';
import { MemoryCollection } from '../../../infra/node-host/ddp-client/minimongo/collection';
import { nodePlatform } from '../../../infra/node-host/ddp-client/node-platform';
import { ObjectID } from '../../../infra/node-host/shared/object-id';
import { eventually } from '../../support/eventually';
import { FixtureHost } from './ddp-client-host';

let host: FixtureHost;
let connection: Connection;

beforeAll(async () => {
  host = await FixtureHost.start();
}, 60_000);
afterAll(() => host?.stop());

beforeEach(async () => {
  connection = makeDDP(nodePlatform(() => host.url)).connect(host.url, { _dontPrintErrors: true });
  await connection.callAsync('truth.reset');
});
afterEach(() => connection.close());

const collection = (name = 'truth.things') => new MemoryCollection(name, { connection });

/** Ends the server, has `meanwhile` happen, and waits until the connection is there again. */
async function restart(meanwhile: () => Promise<unknown> = async () => {}): Promise<void> {
  await host.kill();
  await eventually(() => !connection.status().connected);
  await meanwhile();
  await host.up();
  connection.reconnect();
  await eventually(() => connection.status().connected);
}

describe('a server that talks to another one', () => {
  test('sees what it has written when the method is done', async () => {
    const things = collection();
    const ready = new Promise<void>(resolve => connection.subscribe('truth.all', resolve));
    await ready;
    expect(await things.find().countAsync()).toBe(5);
    await connection.callAsync('truth.insert', { _id: 'new', rank: 6 });
    expect(await things.findOneAsync('new')).toEqual({ _id: 'new', rank: 6 });
    await connection.callAsync('truth.update', 'new', { $unset: { rank: '' }, $set: { 'deep.a': 1 } });
    expect(things.findOne('new')).toEqual({ _id: 'new', deep: { a: 1 } });
    await connection.callAsync('truth.remove', 'new');
    expect(things.findOne('new')).toBeUndefined();
  });

  test('hears what others write', async () => {
    const things = collection();
    const heard: unknown[] = [];
    connection.subscribe('truth.group', 'late');
    await things.find().observeChangesAsync({ added: (id, fields) => heard.push([id, fields]) });
    const other = makeDDP(nodePlatform(() => host.url)).connect(host.url);
    await other.callAsync('truth.insert', { _id: 'x', group: 'late' });
    await eventually(() => heard.length > 0);
    expect(heard).toEqual([['x', { group: 'late' }]]);
    other.close();
  });

  test('sends and receives typed values', async () => {
    const oid = new ObjectID();
    const sent = { date: new Date(7), binary: new Uint8Array([1, 250]), oid };
    expect(await connection.callAsync('truth.typesIn', sent)).toEqual({
      date: 7,
      binary: [1, 250],
      oid: oid.toHexString(),
    });
    const types = (await connection.callAsync('truth.types')) as Record<string, unknown>;
    expect(types).toMatchObject({ date: new Date(86400000), nan: Number.NaN, minusInf: Number.NEGATIVE_INFINITY });
    expect(types.binary).toEqual(new Uint8Array([1, 2, 250]));
    expect(types.oid).toEqual(new ObjectID('0123456789abcdef01234567'));
    expect(types.escaped).toEqual({ $date: 5 });
    expect(types.regexp).toEqual(/ab+c/gi);
  });

  test('gets errors as they were thrown, without secrets', async () => {
    await expect(connection.callAsync('truth.unchecked')).rejects.toMatchObject({
      error: 'not-allowed',
      reason: 'You may not.',
      details: { field: 'x' },
    });
    await expect(connection.callAsync('truth.crash')).rejects.toMatchObject({
      error: 500,
      reason: 'Internal server error',
    });
    const stopped = await new Promise(resolve => connection.subscribe('truth.throws', { onStop: resolve }));
    expect(stopped).toMatchObject({ error: 'no-entry', reason: 'Not for you' });
  });
});

describe('when the server is killed and started again', () => {
  test('subscribes again, and the documents change over in one step', async () => {
    const things = collection();
    const handle = connection.subscribe('truth.all');
    await eventually(() => handle.ready());
    const seen: string[] = [];
    const changes: unknown[] = [];
    const look = () =>
      seen.push(
        things
          .find({}, { sort: { _id: 1 } })
          .map(({ _id }) => _id)
          .join(' '),
      );
    things.find().observeChanges({
      _suppress_initial: true,
      added: id => changes.push(['added', id, look()]),
      changed: (id, fields) => changes.push(['changed', id, fields, look()]),
      removed: id => changes.push(['removed', id, look()]),
    });
    await restart(async () => {
      expect(things.find().count()).toBe(5);
    });
    const other = makeDDP(nodePlatform(() => host.url)).connect(host.url);
    await other.callAsync('truth.insert', { _id: 'after', rank: 9 });
    other.close();
    await eventually(() => things.findOne('after'));
    // What came back as it was is no change: nobody saw it go.
    expect(changes.map(change => (change as unknown[]).slice(0, 2))).toEqual([['added', 'after']]);
    expect(seen).toEqual(['after t1 t2 t3 t4 t5']);
    expect(handle.ready()).toBe(true);
  }, 60_000);

  test('sends the call that was under way again, and not one with noRetry', async () => {
    const repeated = connection.callAsync('truth.slowUnblocked', 700, 'again');
    // It would take longer than any test: whatever the machine does meanwhile, it is under way when the server dies.
    const forever = [600_000, 'once'];
    const once = connection.applyAsync('truth.slowUnblocked', forever, { noRetry: true }).catch(error => error);
    await connection.callAsync('truth.echo');
    await restart();
    expect(await once).toMatchObject({ error: 'invocation-failed' });
    expect(await repeated).toBe('again');
  }, 60_000);
});
