import type { WorkerProcess } from './worker-process';

/** A worker that says nothing of its tasks for so long hangs, in one of them or in what an earlier one left behind. */
const unresponsiveMs = 30_000;
/** On a machine that is overloaded, silence is not yet a sign. */
const leastPatienceMs = 5_000;

/** Whether a worker hangs with tasks of which none is known to have begun, so that no time-out of theirs runs either. */
export function hangs(worker: WorkerProcess, abortGraceMs: number, now: number): boolean {
  const [first, ...others] = worker.runs.values();
  if (!first || worker.killedBecause || [first, ...others].some(run => run.startedAt !== undefined)) return false;
  const patience = Math.max(leastPatienceMs, Math.min(unresponsiveMs, first.timeoutMs + abortGraceMs));
  return now - Math.max(worker.heardAt, worker.givenAt) > patience;
}
