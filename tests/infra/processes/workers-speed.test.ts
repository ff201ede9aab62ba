import { eventually } from '../../support/eventually';
import { buildFaultWorker, FaultPool, faultTask } from '../../support/fault-task-pool';

/** The figure is printed, not judged: machines differ, and this one is busy with the other tests. */
test('20,000 tasks that do nothing go through two workers, each reported once', async () => {
  const total = 20_000;
  const { file } = await buildFaultWorker();
  const pool = await new FaultPool({ file, maxWorkers: 2 }).start();
  let given = 0;
  const feed = () => {
    const tasks = Array.from({ length: Math.min(pool.pool.room(), total - given) }, (_, n) => faultTask('noop', { n }));
    given += tasks.length;
    pool.pool.execute(tasks);
  };
  const startedAt = performance.now();
  pool.wake = feed;
  feed();
  await eventually(() => pool.reports.size === total, { timeoutMs: 60_000 });
  const seconds = (performance.now() - startedAt) / 1_000;
  console.info(`${Math.round(total / seconds).toLocaleString('en')} tasks a second through 2 worker processes`);
  expect([...pool.reports.values()].every(({ outcome }) => outcome.kind === 'done')).toBe(true);
  await pool.pool.stop(1_000);
});
