import { timerMs } from '../../timing/timer-ms';
import { fits } from '../protocol/task-types';
import type { Attempt } from './attempt-registry';
import type { Estimates } from './estimates';
import type { WorkerProcess } from './worker-process';

/** A worker may report several tasks that usually take less than this in one write. */
const quickMs = 2;
/** How long short tasks may wait inside a worker, so that it never waits for the channel. */
const sendAheadMs = 10;
const sendAheadTasks = 64;

/** Attempts without a worker, next first. */
export class PendingAttempts {
  private attempts: Attempt[] = [];

  constructor(private readonly estimates: Estimates) {}

  get size(): number {
    return this.attempts.length;
  }

  /** The expected duration of each, next first. */
  expectations(): number[] {
    return this.attempts.map(({ task }) => this.estimates.of(task.taskType));
  }

  add(attempt: Attempt): void {
    this.attempts.push(attempt);
  }

  /** For an attempt that its worker has not begun, and never will. */
  requeue(attempt: Attempt): void {
    attempt.worker = undefined;
    this.attempts.unshift(attempt);
  }

  remove(attempt: Attempt): void {
    this.attempts = this.attempts.filter(other => other !== attempt);
  }

  /** @returns all that were pending, or those behind so many. */
  clear(from = 0): Attempt[] {
    return this.attempts.splice(from);
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

/** The load of a worker, which decides what it may get. */
export interface WorkerLoad {
  readonly state: string;
  readonly load: number;
  /** How long its attempts will take together. */
  readonly backlogMs: number;
  readonly attempts: ReadonlyMap<number, { readonly weight: number }>;
}

/**
 * The worker that gets a task next; undefined if the task waits in the pool. A free slot comes first, that of the
 * emptiest worker before all. Else the task goes ahead to a worker that will finish all its tasks, this one included,
 * in a moment.
 *
 * @param expectedMs how long the task usually takes; Infinity if that is unknown.
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
  // If a worker died before the attempt was known to have begun, the next worker reports its start at once.
  attempt.quick = expectedMs < quickMs && attempt.lost === 0 && isAmongQuick(worker, attempt.weight);
  attempt.worker = worker;
  attempt.expectedMs = Number.isFinite(expectedMs) ? expectedMs : timerMs(Number.POSITIVE_INFINITY);
  attempt.givenAt = Date.now();
  worker.attempts.set(attempt.id, attempt);
  worker.load += attempt.weight;
  worker.backlogMs += attempt.expectedMs;
  worker.send({ kind: 'run', attempt: attempt.id, task: attempt.task, quick: attempt.quick });
}

/**
 * Whether all that may run beside it is quick too. Beside any other one its start is reported at once: a long one that
 * computes for a while would be taken for one that does, and be killed for it.
 */
function isAmongQuick({ load, attempts }: WorkerProcess, weight: number): boolean {
  return !fits(load, weight) || [...attempts.values()].every(({ quick }) => quick);
}

/** The attempt no longer takes any share of its worker. */
export function release(attempt: Attempt): void {
  const { worker } = attempt;
  if (!worker) return;
  worker.attempts.delete(attempt.id);
  const empty = worker.attempts.size === 0;
  worker.load = empty ? 0 : worker.load - attempt.weight;
  worker.backlogMs = empty ? 0 : worker.backlogMs - attempt.expectedMs;
}
