import { type TestDatabase, testDatabase } from '../support/database';
import { eventually } from '../support/eventually';
import { HandlerRun, taskOf } from '../support/handler-run';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

test('burns for as long as it is told, and says how far it is', async () => {
  const run = new HandlerRun(database.db, taskOf('burn', { seconds: 0.4, owner: 'ada' }));
  const startedAt = performance.now();
  expect((await run.outcome()).kind).toBe('done');
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(399);
  expect(run.progress.at(-1)).toBe(1);
});

test('stops soon when it is cancelled', async () => {
  const run = new HandlerRun(database.db, taskOf('burn', { seconds: 30, owner: 'ada' }));
  const outcome = run.outcome();
  await eventually(() => run.progress.length > 0);
  run.cancel();
  expect(await outcome).toMatchObject({ kind: 'aborted', reason: 'cancelled' });
});
