import { digest } from '../../imports/tasks/handlers/notifications/send-notifications';
import { type Notification, notificationsCollection } from '../../imports/tasks/notifications/documents';
import { type TestDatabase, testDatabase } from '../support/database';
import { HandlerAttempt, taskOf } from '../support/handler-attempt';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

const minute = 60_000;
const noon = new Date('2026-03-01T12:00:00Z').getTime();
const due = (minutes: number) => ({ dueDate: new Date(noon + minutes * minute) });
const notifications = () => database.db.collection<Notification>(notificationsCollection);

test('tells what was asked for since the last one', async () => {
  await new HandlerAttempt(database.db, taskOf('sendNotifications', {}, due(0))).outcome();
  const attempt = new HandlerAttempt(database.db, taskOf('sendNotifications', {}, due(1)));
  expect((await attempt.outcome()).kind).toBe('done');
  expect(await notifications().findOne({ _id: attempt.task._id })).toMatchObject({
    since: new Date(noon),
    until: new Date(noon + minute),
  });
  expect(digest(['2 reports of 20,100 rows', '1 picture']).text).toBe(
    'Asked for since the last notification: 2 reports of 20,100 rows and 1 picture.',
  );
});

test('writes one notification however often its task runs', async () => {
  const task = taskOf('sendNotifications', {}, due(2));
  const before = await notifications().countDocuments();
  await new HandlerAttempt(database.db, task).outcome();
  await new HandlerAttempt(database.db, task).outcome();
  expect(await notifications().countDocuments()).toBe(before + 1);
});

test('says so when nothing happened', () => {
  expect(digest([]).title).toBe('All quiet');
});
