import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { connect, FileStore } from '../../../infra/database';
import { type TestDatabase, testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';

let database: TestDatabase;
let files: FileStore;
const facts = { name: 'report.xlsx', type: 'application/x', owner: 'me', kind: 'report' };

beforeAll(async () => {
  database = await testDatabase();
  files = new FileStore(database.db);
});
afterAll(() => database.drop());

const count = (name: string) => database.db.collection(`files.${name}`).countDocuments();

test('a file comes back as it was stored, with what was said of it', async () => {
  const bytes = Buffer.alloc(600_000, 'tandem');
  const stored = await files.put(Readable.from([bytes.subarray(0, 9), bytes.subarray(9)]), facts);
  expect(stored).toMatchObject({ ...facts, size: bytes.length });
  expect(await files.info(stored.id)).toMatchObject({ ...facts, id: stored.id, size: bytes.length });
  expect((await buffer(await files.open(stored.id))).equals(bytes)).toBe(true);
  await files.remove(stored.id);
  expect(await files.info(stored.id)).toBeUndefined();
  await expect(files.open(stored.id)).rejects.toThrow('there is none of this id');
  expect([await count('files'), await count('chunks'), await count('uploads')]).toEqual([0, 0, 0]);
});

test('an upload that breaks off leaves nothing, but for a part that was on its way: the sweep finds that one', async () => {
  async function* broken() {
    yield Buffer.alloc(700_000);
    throw new Error('cut off');
  }
  await expect(files.put(Readable.from(broken()), facts)).rejects.toThrow('cut off');
  const [mark] = await database.db.collection('files.uploads').find().toArray();
  await database.db.collection('files.chunks').insertOne({ files_id: mark!._id, n: 9 });
  await eventually(async () => {
    await database.db
      .collection('files.uploads')
      .updateOne({ _id: mark!._id }, { $set: { startedAt: new Date(0) } }, { upsert: true });
    await files.sweep();
    return (await count('chunks')) === 0;
  });
  expect([await count('files'), await count('chunks'), await count('uploads')]).toEqual([0, 0, 0]);
});

test('what a killed process left half-written is swept away, and whole files stay', async () => {
  const whole = await files.put(Readable.from([Buffer.from('whole')]), facts);
  await database.db.collection('files.uploads').insertMany([
    { _id: 'half' as never, startedAt: new Date(0) },
    { _id: whole.id as never, startedAt: new Date(0) },
  ]);
  await database.db.collection('files.chunks').insertOne({ files_id: 'half', n: 0 });
  expect(await files.sweep()).toBe(2);
  expect(await count('chunks')).toBe(1);
  expect((await buffer(await files.open(whole.id))).toString()).toBe('whole');
  await files.remove(whole.id);
});

test('a database that cannot be reached is named without its password', async () => {
  const opened = connect('mongodb://user:secret@127.0.0.1:1/x', 'test', { serverSelectionTimeoutMS: 100 });
  const error: Error = await opened.catch(thrown => thrown);
  expect(error.message).toContain('mongodb://127.0.0.1:1/x does not answer');
  expect(error.message).not.toContain('secret');
  await expect(connect('http://x', 'test')).rejects.toThrow('is not the address of a MongoDB');
});
