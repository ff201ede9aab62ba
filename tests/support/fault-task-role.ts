/** A role of its own, to be killed: a pool whose one task never gives its worker's event loop back. */
import { eventually } from './eventually';
import { FaultPool, faultTask } from './fault-task-pool';

async function main(file: string): Promise<void> {
  const pool = await new FaultPool({ file, maxWorkers: 3 }).start();
  const busy = faultTask('blockLoopLong', { ms: 3_600_000 });
  const waiting = faultTask('hangLong');
  pool.pool.execute([busy, waiting]);
  await Promise.all([busy, waiting].map(task => pool.begun(task)));
  // One that is still starting has no ears for signals yet.
  await eventually(() => pool.saidOf('worker.started').length === 3);
  console.log(`workers ${pool.pids().join(' ')}`);
}

main(process.argv[2]!);
