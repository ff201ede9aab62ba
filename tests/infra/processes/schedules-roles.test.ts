import { connect } from '../../../infra/database';
import { TaskQueueOf } from '../../../infra/queue';
import { parseTimes } from '../../../infra/roles/stored-schedules';
import { SchedulesOf } from '../../../infra/schedules/schedules';
import { type Catalog, catalog } from '../../support/app/catalog';
import { eventually } from '../../support/eventually';
import { secrets, startTestRoles } from '../../support/roles';

jest.setTimeout(180_000);

const sender = { appId: 'test', version: '1', rootUrl: 'http://localhost' };
const second = 1_000;

test('two jobs roles run stored schedules: none is missing and none is twice while one is killed', async () => {
  const one = await startTestRoles({ web: false });
  const other = await startTestRoles({ web: false, mongoUrl: one.mongoUrl });
  const connection = await connect(one.mongoUrl, 'test');
  const queue = new TaskQueueOf<Catalog>(catalog);
  await queue.connect({ db: connection.db, sender, signingKeys: [secrets.signingKey] });
  const schedules = new SchedulesOf<Catalog>();
  schedules.connect({ queue, parseTimes });
  try {
    const names = Array.from({ length: 20 }, (_, n) => `customer:${n}`);
    for (const name of names) await schedules.put({ name, every: 2 * second, missedRuns: 'all', taskType: 'greet' });
    const added = () => queue.find({ _id: { $gte: 'schedule:', $lt: 'schedule;' } }).fetchAsync();
    await eventually(async () => (await added()).length > 60);
    one.jobs!.signal('SIGKILL');
    const killedAt = Date.now();
    const runsOf = async (name: string) => (await schedules.runs(name)).toReversed();
    const isBack = async (name: string) =>
      (await runsOf(name)).filter(({ intendedAt }) => Number(intendedAt) > killedAt).length > 5;
    for (const name of names) await eventually(() => isBack(name));
    const infos = await schedules.list();
    for (const { name, createdAt } of infos) {
      const nths = (await runsOf(name)).map(
        ({ intendedAt }) => (Number(intendedAt) - Number(createdAt)) / (2 * second),
      );
      const from = nths[0]!;
      expect({ name, nths }).toEqual({ name, nths: nths.map((_, index) => from + index) });
    }
    await eventually(async () => (await runsOf(names[0]!)).some(({ state }) => state === 'done'));
  } finally {
    await connection.close();
    await other.stop();
    await one.stop();
  }
});
