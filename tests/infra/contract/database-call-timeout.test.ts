import type { Collection, Db } from 'mongodb';
import { type Connection, connect, withoutCallTimeout } from '../../../infra/database';
import { WorkerDatabase } from '../../../infra/workers/process/worker-database';
import { type TestDatabase, testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { TcpProxy } from '../../support/tcp-proxy';

interface Row {
  _id: string;
  text?: string;
}

/** More than sockets hold while nobody reads: the driver then waits for `drain`. */
const large = 'x'.repeat(6_000_000);
const ids = { _id: { $in: [large] } };

const calls: [string, (rows: Collection<Row>, db: Db) => Promise<unknown>][] = [
  ['insertOne', rows => rows.insertOne({ _id: 'a', text: large })],
  ['insertMany', rows => rows.insertMany([{ _id: 'b', text: large }], { ordered: false })],
  ['bulkWrite', rows => rows.bulkWrite([{ insertOne: { document: { _id: 'c', text: large } } }])],
  ['updateOne', rows => rows.updateOne({ _id: 'd' }, { $set: { text: large } })],
  ['updateMany', rows => rows.updateMany({}, [{ $set: { text: large } }])],
  ['replaceOne', rows => rows.replaceOne({ _id: 'e' }, { text: large })],
  ['deleteOne', rows => rows.deleteOne(ids)],
  ['deleteMany', rows => rows.deleteMany(ids)],
  ['findOne', rows => rows.findOne(ids)],
  ['findOneAndUpdate', rows => rows.findOneAndUpdate({ _id: 'f' }, { $set: { text: large } })],
  ['findOneAndReplace', rows => rows.findOneAndReplace({ _id: 'f' }, { text: large })],
  ['findOneAndDelete', rows => rows.findOneAndDelete(ids)],
  ['countDocuments', rows => rows.countDocuments(ids)],
  ['distinct', rows => rows.distinct('text', ids)],
  ['find, toArray', rows => rows.find(ids).sort({ _id: 1 }).limit(3).toArray()],
  ['find, for await', rows => count(rows.find(ids))],
  ['aggregate', rows => rows.aggregate([{ $match: ids }]).toArray()],
  ['command', (_, db) => db.command({ ping: 1, comment: large })],
  ['a small one', rows => rows.findOne({ _id: 'a' })],
];

let database: TestDatabase;
let proxy: TcpProxy;
let connection: Connection | undefined;
let url: string;

beforeEach(async () => {
  database = await testDatabase();
  const [address] = database.client.options.hosts;
  proxy = await TcpProxy.open(address?.host ?? '127.0.0.1', address?.port ?? 27017);
  url = `mongodb://127.0.0.1:${proxy.port}/${database.db.databaseName}?directConnection=true`;
});
afterEach(async () => {
  await proxy.close();
  await connection?.close();
  connection = undefined;
  await database.drop();
});

async function rowsWithin(callTimeoutMs: number): Promise<Collection<Row>> {
  connection = await connect(url, 'call-timeout', { callTimeoutMs });
  return connection.db.collection<Row>('rows');
}

test('every call to a database that reads nothing any more fails in time, and gives its connection up', async () => {
  const rows = await rowsWithin(500);
  let held = 0;
  connection?.client.on('connectionCheckedOut', () => held++).on('connectionCheckedIn', () => held--);
  // As many connections as there will be calls: none waits for one that can't come about.
  const patient = withoutCallTimeout(rows);
  await Promise.all(calls.map(() => patient.find({ $where: 'sleep(50) || true' }).toArray()));
  await patient.insertOne({ _id: 'there' });
  proxy.swallow();
  const ends = await Promise.all(
    calls.map(async ([name, call]) => [name, await call(rows, connection!.db).then(String, error => error.name)]),
  );
  expect(ends).toEqual(calls.map(([name]) => [name, 'MongoNetworkTimeoutError']));
  await eventually(() => held === 0);
});

test('the next try goes over another connection, and what was given up on comes to nothing', async () => {
  const rows = await rowsWithin(500);
  await rows.insertOne({ _id: 'there' });
  proxy.swallow();
  await expect(rows.updateMany({}, [{ $set: { text: large } }])).rejects.toThrow(
    'the database did not answer updateMany on rows within 500 ms',
  );
  await proxy.cut();
  await proxy.mend();
  await eventually(async () => (await rows.countDocuments({})) === 1, { timeoutMs: 15_000 });
  expect(await rows.findOne({ _id: 'there' })).toEqual({ _id: 'there' });
});

test('a cursor may be read as slowly as one likes, and what has no limit may take its time', async () => {
  const rows = await rowsWithin(2_000);
  await rows.insertMany(Array.from({ length: 6 }, (_, index) => ({ _id: String(index) })));
  const seen: string[] = [];
  for await (const { _id } of rows.find({}, { batchSize: 2 }).sort({ _id: 1 })) {
    seen.push(_id);
    await new Promise(resolve => setTimeout(resolve, 400));
  }
  expect(seen).toEqual(['0', '1', '2', '3', '4', '5']);
  const slow = { $where: 'sleep(400) || true' };
  expect(await withoutCallTimeout(rows).find(slow).toArray()).toHaveLength(6);
  await expect(rows.find(slow).toArray()).rejects.toThrow('the database did not answer find on rows within 2000 ms');
});

test('a large write of a handler ends where the database went silent, though nothing limits its time', async () => {
  const worker = new WorkerDatabase(url, 'tandem-worker');
  const rows = worker.db.collection<Row>('rows');
  await rows.insertOne({ _id: 'there' });
  proxy.swallow();
  await expect(rows.insertOne({ _id: 'large', text: large })).rejects.toThrow(/Mongo|connection|pool|timed out/i);
  await proxy.cut();
  await worker.db.client.close();
}, 40_000);

async function count(cursor: AsyncIterable<unknown>): Promise<number> {
  let seen = 0;
  for await (const _ of cursor) seen++;
  return seen;
}
