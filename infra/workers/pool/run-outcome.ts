import { messageOf } from '../../errors/plain-error';
import type { Outcome } from '../../queue/model/executor';
import type { TaskError } from '../../queue/model/task';
import type { RunOutcome, ToWorker } from '../protocol/protocol';
import { sendable } from '../protocol/sendable';
import { crashError } from './exit-words';
import type { PoolRun } from './pool-run';
import type { WorkerExit, WorkerProcess } from './worker-process';

/** What becomes of a run: it is reported, goes back to the queue, or waits for another worker. */
export type Fate = Outcome | 'handBack' | 'again';

/** A task that has seen so many workers die before it began is taken for the cause. */
const mostLost = 3;

/** What the worker said of the end of a run. */
export function fateOfFinished(outcome: RunOutcome, timeoutMs: number): Fate {
  if (outcome.kind !== 'aborted') return outcome;
  switch (outcome.reason) {
    case 'stopping':
      return 'handBack';
    case 'cancelled':
      return { kind: 'cancelled' };
    case 'timedOut':
      return { kind: 'timedOut', error: timeoutError(timeoutMs, outcome.error) };
  }
}

/** The worker ended before it could say anything of the run. */
export function fateOfLost(run: PoolRun, worker: WorkerProcess, exit: WorkerExit, graceMs: number): Fate {
  if (run.abort === 'stopping') return 'handBack';
  if (run.abort === 'cancelled') return { kind: 'cancelled' };
  if (run.abort === 'timedOut') return { kind: 'timedOut', error: killedError(run.timeoutMs, graceMs) };
  if (run.startedAt === undefined && run.lost < mostLost) return 'again';
  return { kind: 'crashed', error: crashError(worker, exit) };
}

/** Why the channel doesn't carry a message to a worker, with the path of what it stumbles over. */
export function unsendableError(message: ToWorker, thrown: unknown): TaskError {
  const { problems } = sendable(
    message.kind === 'run' ? message.task.data : undefined,
    'data',
    Number.MAX_SAFE_INTEGER,
  );
  const why = problems.length > 0 ? problems.join('; ') : messageOf(thrown);
  return { name: 'NotSendable', message: `it can't be sent to a worker: ${why}` };
}

/** The handler stopped when its signal came; where it threw, its stack shows where it was. */
function timeoutError(timeoutMs: number, thrown?: TaskError): TaskError {
  const message = `ran longer than ${timeoutMs} ms`;
  return { name: 'TimeoutError', message, ...(thrown?.stack && { stack: thrown.stack }) };
}

/** The handler went on after its signal. */
function killedError(timeoutMs: number, graceMs: number): TaskError {
  const message = `ran longer than ${timeoutMs} ms; its worker was killed, because it did not stop within ${graceMs} ms of its signal`;
  return { name: 'TimeoutError', message };
}
