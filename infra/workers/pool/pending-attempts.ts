import { timerMs } from '../../timing/timer-ms';
import { fits } from '../protocol/task-types';
import type { Attempt } from './attempt-registry';
import type { Estimates } from './capacity';
import type { WorkerProcess } from './worker-process';

/** Tasks that usually take less are reported several at once. */
const quickMs = 2;
/** Short tasks may wait inside a worker for so long, so that it never waits for the channel. */
const sendAheadMs = 10;
const sendAheadTasks = 64;

/** Attempts without a worker, next first. */
export class PendingAttempts {
  private attempts: Attempt[] = [];

  constructor(private readonly estimates: Estimates) {}

  get size(): number {
    return this.attempts.length;
  }

  /** How long each is expected to take, next first. */
  expectations(): number[] {
    return this.attempts.map(({ task }) => this.estimates.of(task.taskType));
  }

  add(attempt: Attempt): void {
    this.attempts.push(attempt);
  }

  /** For one that its worker has not begun and won't. */
  requeue(attempt: Attempt): void {
    attempt.worker = undefined;
    this.attempts.unshift(attempt);
  }

  remove(attempt: Attempt): void {
    this.attempts = this.attempts.filter(other => other !== attempt);
  }

  /** @returns all that were pending. */
  clear(): Attempt[] {
    return this.attempts.splice(0);
  }

  /** Gives attempts to workers, in their order, as long as a worker has room for the first of them. */
  assign(workers: ReadonlySet<WorkerProcess>): void {
    let assigned = 0;
    for (const attempt of this.attempts) {
      const expectedMs = this.estimates.of(attempt.task.taskType);
      const worker = chooseWorker(workers, attempt.weight, expectedMs);
      if (!worker) break;
      give(worker, attempt, expectedMs);
      assigned += 1;
    }
    if (assigned === 0) return;
    this.attempts.splice(0, assigned);
    for (const worker of workers) worker.flush();
  }
}

/** How busy a worker is, as far as it decides what the worker may get. */
export interface WorkerLoad {
  readonly state: string;
  readonly load: number;
  /** How long its attempts will take together. */
  readonly backlogMs: number;
  readonly attempts: ReadonlyMap<number, { readonly weight: number }>;
}

/**
 * The worker that a task goes to next; undefined where it waits in the pool. A free slot comes first, the emptiest worker
 * before all; else a task goes ahead into a worker that will be through with all it has, this one included, in a moment.
 *
 * @param expectedMs how long the task usually takes; Infinity where nobody knows.
 */
export function chooseWorker<W extends WorkerLoad>(
  workers: Iterable<W>,
  weight: number,
  expectedMs: number,
): W | undefined {
  let best: W | undefined;
  for (const worker of workers) {
    if (worker.state !== 'ready' || !hasRoom(worker, weight, expectedMs)) continue;
    if (!best || worker.load < best.load) best = worker;
  }
  return best;
}

function hasRoom({ load, attempts, backlogMs }: WorkerLoad, weight: number, expectedMs: number): boolean {
  if (fits(load, weight)) return true;
  return attempts.size < sendAheadTasks && backlogMs + expectedMs <= sendAheadMs;
}

function give(worker: WorkerProcess, attempt: Attempt, expectedMs: number): void {
  attempt.worker = worker;
  attempt.expectedMs = Number.isFinite(expectedMs) ? expectedMs : timerMs(Number.POSITIVE_INFINITY);
  if (worker.attempts.size === 0) worker.busySince = Date.now();
  worker.attempts.set(attempt.id, attempt);
  worker.load += attempt.weight;
  worker.backlogMs += attempt.expectedMs;
  // One whose worker died before it was known to have begun is watched closely from now on.
  const quick = expectedMs < quickMs && attempt.lost === 0;
  worker.send({ kind: 'run', attempt: attempt.id, task: attempt.task, quick });
}

/** The attempt takes nothing of its worker any more. */
export function release(attempt: Attempt): void {
  const { worker } = attempt;
  if (!worker) return;
  worker.attempts.delete(attempt.id);
  const empty = worker.attempts.size === 0;
  worker.load = empty ? 0 : worker.load - attempt.weight;
  worker.backlogMs = empty ? 0 : worker.backlogMs - attempt.expectedMs;
}
