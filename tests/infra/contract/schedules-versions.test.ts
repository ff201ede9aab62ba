import { defineTasks } from '../../../infra/catalog';
import { TaskQueueOf } from '../../../infra/queue';
import { parseTimes } from '../../../infra/roles/stored-schedules';
import { ScheduleRunner } from '../../../infra/schedules/schedule-runner';
import { SchedulesOf } from '../../../infra/schedules/schedules';
import { eventually } from '../../support/eventually';
import { TestQueue } from '../../support/queue';
import { MovedClock, TestSchedules } from '../../support/schedules';
import { catalogForTests } from '../../support/test-catalog';

const hour = 3_600_000;
const clock = new MovedClock();
let opened: TestQueue;
let old: TestSchedules;

beforeEach(async () => {
  opened = await TestQueue.open({ clock });
  old = await TestSchedules.of(opened);
});
afterEach(async () => {
  await old.stop();
  await opened.close();
});

test('a role leaves the runs of a schedule that was put with a newer version of its type to a role that has it', async () => {
  const ping = { payload: { n: Number, unit: String }, version: 2 };
  const queue = new TaskQueueOf({ ...catalogForTests, ...defineTasks({ ping }) });
  await queue.connect({ ...opened.connection, emit: () => {} });
  const schedules = new SchedulesOf<typeof queue.catalog>();
  schedules.connect({ queue, parseTimes });
  await old.run();
  const data = { n: 1, unit: 'km' };
  await schedules.put({ name: 'a', every: hour, missedRuns: 'once', taskType: 'ping', data });
  clock.offsetMs = hour + 70_000;
  const reports = ['schedule.unknownType', 'schedule.refused'];
  const first = await eventually(() => opened.emitted.find(({ name }) => reports.includes(name)));
  expect(first).toMatchObject({ name: 'schedule.unknownType', fields: { schedule: 'a', taskType: 'ping' } });
  const runner = new ScheduleRunner({ schedules, pollMs: 50 });
  await runner.start();
  const task = await eventually(() => queue.findOne({ taskType: 'ping' }));
  await runner.stop();
  expect(task).toMatchObject({ data, catalogVersion: 2 });
  expect(await schedules.runs('a')).toMatchObject([{ taskId: task._id }]);
});
