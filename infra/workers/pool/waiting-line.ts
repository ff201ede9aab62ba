import { timerMs } from '../../timing/timer-ms';
import type { Estimates } from './estimates';
import { choosePlace } from './placement';
import type { PoolRun } from './pool-run';
import type { WorkerProcess } from './worker-process';

/** Tasks that usually take less are reported several at once. */
const quickMs = 2;

/** Runs without a worker, next first. */
export class WaitingLine {
  private runs: PoolRun[] = [];

  constructor(private readonly estimates: Estimates) {}

  get size(): number {
    return this.runs.length;
  }

  /** How long each is expected to take, next first. */
  expectations(): number[] {
    return this.runs.map(({ task }) => this.estimates.of(task.taskType));
  }

  join(run: PoolRun): void {
    this.runs.push(run);
  }

  /** For one that its worker has not begun and won't. */
  comeBack(run: PoolRun): void {
    run.worker = undefined;
    this.runs.unshift(run);
  }

  leave(run: PoolRun): void {
    this.runs = this.runs.filter(other => other !== run);
  }

  /** Everybody leaves. */
  dissolve(): PoolRun[] {
    return this.runs.splice(0);
  }

  /** Gives runs to workers, in their order, as long as there is a place for the first of them. */
  place(workers: ReadonlySet<WorkerProcess>): void {
    let placed = 0;
    for (const run of this.runs) {
      const expectedMs = this.estimates.of(run.task.taskType);
      const worker = choosePlace(workers, run.weight, expectedMs);
      if (!worker) break;
      give(worker, run, expectedMs);
      placed += 1;
    }
    if (placed === 0) return;
    this.runs.splice(0, placed);
    for (const worker of workers) worker.flush();
  }
}

function give(worker: WorkerProcess, run: PoolRun, expectedMs: number): void {
  run.worker = worker;
  run.expectedMs = Number.isFinite(expectedMs) ? expectedMs : timerMs(Number.POSITIVE_INFINITY);
  if (worker.runs.size === 0) worker.givenAt = Date.now();
  worker.runs.set(run.run, run);
  worker.load += run.weight;
  worker.backlogMs += run.expectedMs;
  // Whose worker died before it was known to have begun is watched closely from now on.
  worker.send({ kind: 'run', run: run.run, task: run.task, quick: expectedMs < quickMs && run.lost === 0 });
}

/** The run takes nothing of its worker any more. */
export function release(run: PoolRun): void {
  const { worker } = run;
  if (!worker) return;
  worker.runs.delete(run.run);
  const empty = worker.runs.size === 0;
  worker.load = empty ? 0 : worker.load - run.weight;
  worker.backlogMs = empty ? 0 : worker.backlogMs - run.expectedMs;
}
