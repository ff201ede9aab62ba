import { type TestDatabase, testDatabase } from '../support/database';
import { eventually } from '../support/eventually';
import { HandlerAttempt, taskOf } from '../support/handler-attempt';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

test('burns in slices, and says after each how far it is', async () => {
  const attempt = new HandlerAttempt(database.db, taskOf('burn', { seconds: 0.4, owner: 'ada' }));
  expect((await attempt.outcome()).kind).toBe('done');
  expect(attempt.progress.length).toBeGreaterThan(1);
  expect(attempt.progress.at(-1)).toBe(1);
});

test('stops soon when it is cancelled', async () => {
  const attempt = new HandlerAttempt(database.db, taskOf('burn', { seconds: 30, owner: 'ada' }));
  const outcome = attempt.outcome();
  await eventually(() => attempt.progress.length > 0);
  attempt.cancel();
  expect(await outcome).toMatchObject({ kind: 'aborted', reason: 'cancelled' });
});
