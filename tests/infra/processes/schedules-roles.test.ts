import { connect } from '../../../infra/database';
import { TaskQueueOf } from '../../../infra/queue';
import { parseTimes } from '../../../infra/roles/stored-schedules';
import { SchedulesOf } from '../../../infra/schedules/schedules';
import { type Catalog, catalog } from '../../support/app/catalog';
import { eventually } from '../../support/eventually';
import { ForeignClient } from '../../support/foreign-ddp';
import { secrets, startTestRoles, type TestRoles } from '../../support/roles';

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

interface Row {
  name: string;
  next: Date[];
  pause?: { by: string };
}

test('a schedule of the code that an operator pauses runs in no jobs role, one that starts later neither, until it is resumed', async () => {
  const env = { TICKS: 'yes' };
  const one = await startTestRoles({ env });
  const { mongoUrl } = one;
  const other = await startTestRoles({ web: false, mongoUrl, env });
  const connection = await connect(mongoUrl, 'test');
  const client = await ForeignClient.open(one.webUrl);
  try {
    const records = () =>
      connection.db
        .collection<{ intendedAt: Date }>('cronHistory')
        .find({ name: 'tick' } as object)
        .toArray();
    const pause = () => connection.db.collection<{ _id: string }>('cronHistory.pauses').findOne({ _id: 'tick' });
    const shown = () => (client.list('consoleRows') as unknown as Row[]).find(({ name }) => name === 'tick');
    const told = (roles: TestRoles) => roles.jobs!.output.split('the schedule "tick" is paused by operator').length - 1;
    await client.call('console.login', secrets.operatorToken);
    await client.subscribe('console.view', 'schedules', {});
    await eventually(async () => shown() && (await records()).length > 3);
    await client.call('console.pauseScheduleOfCode', 'tick');
    const { since } = (await pause()) as unknown as { since: Date };
    await eventually(() => told(one) > 0 && told(other) > 0);
    await eventually(() => shown()?.pause?.by === 'operator' && shown()?.next.length === 0);
    await other.stop();
    const third = await startTestRoles({ web: false, mongoUrl, env });
    await eventually(() => told(third) > 0);
    await client.call('console.runSchedule', 'tick');
    const isByHand = ({ intendedAt }: { intendedAt: Date }) => Number(intendedAt) % second !== 0;
    await eventually(async () => (await records()).some(isByHand));
    await eventually(() => Date.now() > Number(since) + 4 * second);
    await client.call('console.resumeScheduleOfCode', 'tick');
    const { until } = (await pause()) as unknown as { until: Date };
    await eventually(async () => (await records()).filter(({ intendedAt }) => intendedAt > until).length > 3);
    const within = (await records()).filter(({ intendedAt }) => intendedAt > since && intendedAt <= until);
    expect(within.filter(record => !isByHand(record))).toEqual([]);
    expect(Number(until) - Number(since)).toBeGreaterThan(3 * second);
    expect([one, other, third].map(told)).toEqual([1, 1, 1]);
    const { records: audited } = await client.call<{ records: object[] }>('console.audit');
    expect(audited).toContainEqual(
      expect.objectContaining({ action: 'pause schedule of the code', target: { schedule: 'tick' }, outcome: 'done' }),
    );
    await third.stop();
  } finally {
    client.close();
    await connection.close();
    await other.stop();
    await one.stop();
  }
});
