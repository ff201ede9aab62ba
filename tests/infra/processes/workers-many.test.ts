import { eventually } from '../../support/eventually';
import { buildFaultWorker, FaultPool, faultTask } from '../../support/fault-task-pool';

test('5,000 tasks that do nothing go through two workers, each reported once', async () => {
  const total = 5_000;
  const { file } = await buildFaultWorker();
  const pool = await new FaultPool({ file, maxWorkers: 2 }).start();
  let given = 0;
  const feed = () => {
    const tasks = Array.from({ length: Math.min(pool.pool.room(), total - given) }, (_, n) => faultTask('noop', { n }));
    given += tasks.length;
    pool.pool.execute(tasks);
  };
  pool.wake = feed;
  feed();
  await eventually(() => pool.reports.size === total, { timeoutMs: 60_000 });
  expect([...pool.reports.values()].every(({ outcome }) => outcome.kind === 'done')).toBe(true);
  await pool.pool.stop(1_000);
});
