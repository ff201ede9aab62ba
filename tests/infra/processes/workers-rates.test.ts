import { NamedRateLimits } from '../../../infra/queue/api/named-rates';
import { RateLimits } from '../../../infra/queue/store/rate-limits';
import { type TestDatabase, testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { buildFaultWorker, FaultPool, faultTask } from '../../support/fault-task-pool';

let file: string;
let database: TestDatabase;
const pools: FaultPool[] = [];
const rates = { stripe: { max: 4, per: 500 }, never: { max: 1, per: 3_600_000 } };

const start = async () => {
  const named = new NamedRateLimits(
    () => ({ db: database.db, clock: { now: () => new Date() } }),
    () => rates,
  );
  const pool = await new FaultPool({ file, queue: { rates: named } as never }).start();
  pools.push(pool);
  return pool;
};
const used = async (name: string) =>
  (await new RateLimits(database.db).look([`@${name}`], new Date())).get(`@${name}`)?.used ?? 0;

beforeAll(async () => {
  ({ file } = await buildFaultWorker());
});
beforeEach(async () => {
  database = await testDatabase();
});
afterEach(async () => {
  await Promise.all(pools.splice(0).map(({ pool }) => pool.stop(500)));
  await database.drop();
});

test('handlers in worker processes of two roles take no more than a rate grants in any span', async () => {
  const both = [await start(), await start()];
  const run = (pool: FaultPool) => pool.run('takeRate', { name: 'stripe', times: 3 });
  const reports = await Promise.all([0, 1, 0, 1].map(index => run(both[index]!)));
  const calls = reports.flatMap(({ outcome }) => (outcome as { value: number[] }).value).sort((a, b) => a - b);
  expect(calls).toHaveLength(12);
  for (const [index, at] of calls.slice(rates.stripe.max).entries())
    expect(at - calls[index]!).toBeGreaterThanOrEqual(rates.stripe.per - 1);
});

test('a wait for a rate ends with the signal, and what it was to get is left to others', async () => {
  const pool = await start();
  await pool.run('takeRate', { name: 'never', times: 1 });
  const task = faultTask('takeRate', { name: 'never', times: 1 });
  pool.pool.execute([task]);
  await pool.begun(task);
  const line = database.db.collection<{ _id: string; line: unknown[] }>('taskControl');
  const waiting = async () => (await line.findOne({ _id: 'rate:@never' }))?.line.length ?? 0;
  await eventually(async () => (await waiting()) === 1);
  pool.pool.cancel(task._id);
  expect((await pool.reportOf(task)).outcome).toEqual({ kind: 'cancelled' });
  await eventually(async () => (await waiting()) === 0);
});

test('what was granted to a handler whose worker dies counts all the same', async () => {
  const pool = await start();
  const task = faultTask('takeRate', { name: 'never', times: 2 });
  pool.pool.execute([task]);
  const pid = await pool.begun(task);
  await eventually(async () => (await used('never')) === 1);
  process.kill(pid, 'SIGKILL');
  expect((await pool.reportOf(task)).outcome).toMatchObject({ kind: 'crashed' });
  expect(await used('never')).toBe(1);
});

test('an unknown rate fails the handler, in words', async () => {
  const pool = await start();
  const { outcome } = await pool.run('takeRate', { name: 'strpe', times: 1 });
  expect(outcome).toMatchObject({
    kind: 'failed',
    error: { message: expect.stringContaining('did you mean stripe?') },
  });
});
