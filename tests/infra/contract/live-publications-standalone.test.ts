import { MongoClient } from 'mongodb';
import { eventually } from '../../support/eventually';
import { type StandaloneMongod, startStandaloneMongod } from '../../support/standalone-mongod';
import { bundle, type Host, type HostApp } from './ddp-truth/host';
import { Talk } from './ddp-truth/talk';

let mongod: StandaloneMongod;
let writer: MongoClient;
let app: HostApp;
let host: Host;

beforeAll(async () => {
  mongod = await startStandaloneMongod();
  const mongoUrl = mongod.urlOf('standalone');
  writer = await new MongoClient(mongoUrl).connect();
  app = await bundle('more');
  host = await app.start({ mongoUrl });
}, 60_000);
afterAll(async () => {
  await app?.remove();
  await writer?.close();
  await mongod?.stop();
});

const notes = () => writer.db().collection<{ _id: string; kind?: string }>('more.notes');

describe('a database without change streams', () => {
  test('is said once, at boot', () => {
    const said = host.process.output.match(/stand-alone mongod: without change streams live data is found by polling/g);
    expect(said).toHaveLength(1);
  });

  test('is looked at again as often as a cursor says, and no longer when its subscription has ended', async () => {
    const talk = await Talk.connected(host.webSocket);
    const subscription = await talk.subscribe(
      'more.query',
      { kind: 'polled' },
      { pollingIntervalMs: 100, pollingThrottleMs: 50 },
    );
    await notes().insertOne({ _id: 'p', kind: 'polled' });
    await eventually(() => talk.documents('more.notes').p);
    await notes().deleteOne({ _id: 'p' });
    await eventually(() => !talk.documents('more.notes').p);
    await talk.unsubscribe(subscription);
    expect((await talk.call('more.live')).result).toEqual({ queries: 0, collections: 0 });
    talk.close();
  });

  test('shows what this process writes at once, however seldom it looks', async () => {
    const [reader, other] = [await Talk.connected(host.webSocket), await Talk.connected(host.webSocket)];
    await reader.subscribe('more.query', { kind: 'own' }, { pollingIntervalMs: 600_000 });
    await other.call('more.note', { _id: 'by a method', kind: 'own' });
    await eventually(() => reader.documents('more.notes')['by a method']);
    await other.call('more.writeLater', { _id: 'after a method', kind: 'own' });
    await eventually(() => reader.documents('more.notes')['after a method']);
  });
});
