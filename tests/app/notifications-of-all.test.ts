import { type Notification, notificationsCollection } from '../../imports/tasks/notifications/documents';
import { picturesCollection } from '../../imports/tasks/pictures/documents';
import { reportsCollection } from '../../imports/tasks/reports/documents';
import { type TestDatabase, testDatabase } from '../support/database';
import { HandlerAttempt, taskOf } from '../support/handler-attempt';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

test('a notification tells of the reports and of the pictures', async () => {
  const { db } = database;
  const createdAt = new Date();
  const reports = [100, 20_000].map(rows => ({ owner: 'ada', rows, createdAt }));
  await db.collection(reportsCollection).insertMany(reports);
  await db.collection(picturesCollection).insertOne({ owner: 'ada', createdAt });
  const task = taskOf('sendNotifications', {}, { dueDate: new Date(createdAt.getTime() + 1_000) });
  await new HandlerAttempt(db, task).outcome();
  expect(await db.collection<Notification>(notificationsCollection).findOne({ _id: task._id })).toMatchObject({
    text: 'Asked for since the last notification: 2 reports of 20,100 rows and 1 picture.',
  });
});
