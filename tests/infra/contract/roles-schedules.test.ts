import { SyncedCron } from 'meteor/littledata:synced-cron';
import { type Connection, connect } from '../../../infra/database';
import { Events } from '../../../infra/monitor/events';
import { CodePauses } from '../../../infra/schedules/code-pauses';
import { type TestDatabase, testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';

// Meteor's modules as the Node host has them; Jest knows no `meteor/` by itself.
jest.mock('meteor/littledata:synced-cron', () => jest.requireActual('../../../packages/synced-cron/synced-cron'), {
  virtual: true,
});
jest.mock('meteor/meteor', () => jest.requireActual('../../../infra/node-host/modules/meteor'), { virtual: true });
jest.mock('meteor/mongo', () => jest.requireActual('../../../infra/node-host/modules/mongo'), { virtual: true });

const { runStartupHooks } = require('../../../infra/node-host/boot/startup');
const { Schedules } = require('../../../infra/roles/schedules');

let database: TestDatabase;
let ofRole: Connection;
beforeAll(async () => {
  database = await testDatabase();
  ofRole = await connect(database.url, 'test');
  await runStartupHooks();
});
afterAll(async () => {
  await SyncedCron.stop();
  await ofRole.close();
  await database.drop();
});

test('a schedule that each role runs by itself stays paused while the database is away, and the others run', async () => {
  const events = new Events();
  const heard: string[] = [];
  events.on('*', (name, { schedule }) => heard.push(`${name} ${schedule}`));
  const runs: Record<string, number> = { paused: 0, other: 0 };
  const schedules = (cron: typeof SyncedCron) => {
    for (const name of Object.keys(runs))
      cron.add({
        name,
        persist: false,
        schedule: parser => parser.text('every 1 second'),
        job: () => {
          runs[name] = (runs[name] ?? 0) + 1;
        },
      });
  };
  const cron = { enabled: true, collectionName: 'cronHistory', collectionTTL: 300, leaseSeconds: 10, utc: true };
  const role = new Schedules({ app: { schedules }, settings: { cron }, events, connection: ofRole });
  const pauses = new CodePauses(database.db, 'cronHistory');
  await pauses.pause('paused', 'Ada');
  await role.start();
  await eventually(() => heard.includes('cron.paused paused') && runs.other! > 1);
  await ofRole.close();
  const before = runs.other!;
  await eventually(() => runs.other! > before + 2);
  expect(runs.paused).toBe(0);
  expect(heard.filter(one => one === 'cron.paused paused')).toHaveLength(1);
  await role.stop();
});
