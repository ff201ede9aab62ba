import { Readable } from 'node:stream';
import { FileStore, KeptIndexes } from '../../../infra/database';
import { ProcessRegistry } from '../../../infra/monitor/processes';
import { type TestDatabase, testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';

let database: TestDatabase;
let kept: KeptIndexes;
const failures: { of: string; error: unknown }[] = [];

beforeAll(async () => {
  database = await testDatabase();
});
beforeEach(() => {
  failures.length = 0;
  kept = new KeptIndexes({ failed: (of, error) => failures.push({ of, error }), everyMs: 20 });
});
afterEach(() => kept.stop());
afterAll(() => database.drop());

const indexesOf = (name: string) =>
  database.db
    .collection(name)
    .indexes()
    .catch(() => []);

test("the indexes of the files and of the processes' register come back, however they went", async () => {
  const files = new FileStore(database.db);
  const identity = { role: 'web', version: '1', commit: 'abc' };
  const registry = new ProcessRegistry({
    db: database.db,
    identity,
    emit() {},
    describe: () => ({ state: '', details: {} }),
  });
  await kept.keep('files', () => files.ensureIndexes());
  await kept.keep('processes', () => registry.ensureIndexes());
  for (const name of ['files.files', 'files.chunks', 'processes']) {
    const before = await indexesOf(name);
    expect(before).toHaveLength(2);
    await database.db.collection(name).dropIndexes();
    await eventually(async () => (await indexesOf(name)).length === 2);
    await database.db.collection(name).drop();
    await eventually(async () => (await indexesOf(name)).length === 2);
    expect(await indexesOf(name)).toEqual(before);
  }
});

test("the driver takes the files' indexes for its own", async () => {
  const files = new FileStore(database.db);
  await files.ensureIndexes();
  const before = [await indexesOf('files.files'), await indexesOf('files.chunks')];
  await files.put(Readable.from([Buffer.from('x')]), { name: 'x', type: 'x', owner: 'me', kind: 'x' });
  expect([await indexesOf('files.files'), await indexesOf('files.chunks')]).toEqual(before);
});

test('what cannot be made at first is thrown, what cannot be made later is said once, and the others are made', async () => {
  const broken = () => Promise.reject(new Error('no rights'));
  await expect(kept.keep('mine', broken)).rejects.toThrow('no rights');
  let breaks = false;
  let looks = 0;
  await kept.keep('mine', async () => breaks && broken());
  await kept.keep('yours', async () => ++looks);
  breaks = true;
  await eventually(() => looks > 4);
  expect(failures).toEqual([{ of: 'mine', error: new Error('no rights') }]);
  breaks = false;
  const before = looks;
  await eventually(() => looks > before + 2);
  breaks = true;
  await eventually(() => failures.length === 2);
});

test('nothing is made any more when it has stopped, and it stops twice', async () => {
  let looks = 0;
  await kept.keep('mine', async () => ++looks);
  await eventually(() => looks > 2);
  await kept.stop();
  await kept.stop();
  const before = looks;
  await new Promise(resolve => setTimeout(resolve, 100));
  expect(looks).toBe(before);
});
