import { addSchedules } from '../../imports/schedules';
import { catalog } from '../../imports/tasks/catalog';
import { TaskQueue } from '../../infra/queue';
import { Crons } from '../support/cron';
import { eventually } from '../support/eventually';
import { FakeClock } from '../support/fake-clock';

const noon = new Date('2025-06-02T12:00:00Z');
const _id = 'send notifications:2025-06-02T12:00:00.000Z';

let crons: Crons;
beforeAll(async () => {
  crons = await Crons.open();
  TaskQueue.declare(catalog);
  const sender = { appId: 'test', version: '1', rootUrl: 'http://localhost' };
  await TaskQueue.connect({ db: crons.database.db, sender });
});
afterEach(() => crons.clear());
afterAll(() => crons.close());

async function runAtNoon(): Promise<void> {
  const clock = new FakeClock(noon.getTime() - 1);
  const cron = crons.add({}, clock);
  addSchedules(cron);
  await cron.start();
  await clock.pass(2);
  await eventually(async () => (await crons.history('send notifications'))[0]?.finishedAt);
}

test('a run of a schedule adds its task, named after the run', async () => {
  await runAtNoon();
  expect(await TaskQueue.find({}).fetchAsync()).toMatchObject([{ _id, taskType: 'sendNotifications', dueDate: noon }]);
});

test('a run that happens a second time adds nothing', async () => {
  await crons.clear();
  await runAtNoon();
  expect(await TaskQueue.find({}).countAsync()).toBe(1);
  expect((await crons.history('send notifications'))[0]?.result).toBe(_id);
});
