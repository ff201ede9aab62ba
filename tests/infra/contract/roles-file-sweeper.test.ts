import { Events } from '../../../infra/monitor/events';
import { FileSweeper } from '../../../infra/roles/file-sweeper';
import { type TestDatabase, testDatabase } from '../../support/database';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

test('removes what a killed process left half-written, and says how much', async () => {
  const { db } = database;
  const longAgo = new Date(Date.now() - 24 * 3_600_000);
  await db.collection('files.uploads').insertOne({ _id: 'left' as never, startedAt: longAgo });
  await db.collection('files.chunks').insertOne({ files_id: 'left', n: 0 });
  const events = new Events();
  const swept = new Promise(resolve => events.on('files.swept', (_event, fields) => resolve(fields)));

  const sweeper = new FileSweeper({ connection: database as never, events });
  await sweeper.start();
  expect(await swept).toMatchObject({ count: 1 });
  await sweeper.stop();
  expect(await db.collection('files.chunks').countDocuments()).toBe(0);
});
