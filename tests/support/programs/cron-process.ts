import { SyncedCron } from 'meteor/littledata:synced-cron';
import { Meteor } from 'meteor/meteor';
import { Mongo } from 'meteor/mongo';

/**
 * An app of nothing but schedules, for processes that are killed. Each run adds a task once, named after the run, as the
 * jobs role does, and notes that it was begun.
 */
const { CRON_ENTRIES = '1', CRON_EVERY = 'every 1 second', CRON_HANGS, CRON_OVERLAPS } = process.env;

type Run = { _id: string; adds: number };
const tasks = new Mongo.Collection<Run>('cronTasks');
const begun = new Mongo.Collection<{ name: string; intendedAt: Date; pid: number }>('cronBegun');

Meteor.startup(async () => {
  SyncedCron.config({ leaseSeconds: 1.5, utc: true });
  for (let nth = 0; nth < Number(CRON_ENTRIES); nth++) {
    SyncedCron.add({
      name: `entry ${nth}`,
      schedule: parser => parser.text(CRON_EVERY),
      job: addTask,
      allowParallelExecution: Boolean(CRON_OVERLAPS),
    });
  }
  await SyncedCron.start();
  console.log('cron is started');
});

async function addTask(intendedAt: Date, name: string): Promise<void> {
  await begun.insertAsync({ name, intendedAt, pid: process.pid });
  if (CRON_HANGS) await new Promise(() => {});
  await new Promise(resolve => setTimeout(resolve, 30));
  // What `once` does: a second run of the same occurrence adds nothing.
  await tasks.upsertAsync({ _id: `${name}:${intendedAt.toISOString()}` }, { $setOnInsert: { adds: 1 } });
}
