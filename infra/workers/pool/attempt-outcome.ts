import { messageOf } from '../../errors/plain-error';
import { mergedLog } from '../../queue/model/attempt-log';
import type { AttemptReport, Outcome } from '../../queue/model/executor';
import type { TaskError } from '../../queue/model/task';
import { sendable } from '../protocol/channel';
import type { ToWorker, WorkerOutcome } from '../protocol/messages';
import type { Attempt } from './attempt-registry';
import type { WorkerExit, WorkerProcess } from './worker-process';

/** An attempt without an outcome: its task goes back to the queue, or waits in the pool for another worker. */
export type Unfinished = 'handBack' | 'requeue';

type EndedWorker = Pick<WorkerProcess, 'pid' | 'killedBecause' | 'stderr'>;

/** After so many workers have died before a task began, the task counts as the cause. */
const maxLost = 3;

/** The pool's outcome of an attempt whose end its worker has reported. */
export function outcomeOfFinished(outcome: WorkerOutcome, timeoutMs: number): Outcome | Unfinished {
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

/** The worker ended before it could report the attempt. */
export function outcomeOfLost(
  attempt: Attempt,
  worker: WorkerProcess,
  exit: WorkerExit,
  graceMs: number,
): Outcome | Unfinished {
  if (attempt.abort === 'stopping') return 'handBack';
  if (attempt.abort === 'cancelled') return { kind: 'cancelled' };
  if (attempt.abort === 'timedOut') return { kind: 'timedOut', error: killedError(attempt.timeoutMs, graceMs) };
  if (attempt.startedAt === undefined && attempt.lost < maxLost) return 'requeue';
  return { kind: 'crashed', error: crashError(worker, exit) };
}

/** What the queue hears of an attempt that has ended. Times are milliseconds of the clock. */
export function reportOf(
  { task, worker, log, output, pipe }: Attempt,
  outcome: Outcome,
  startedAt: number,
  finishedAt: number,
): AttemptReport {
  const merged = mergedLog(log?.log, output ?? pipe?.log);
  return {
    task,
    outcome,
    ran: {
      startedAt: new Date(startedAt),
      finishedAt: new Date(finishedAt),
      ...(worker && { workerPid: worker.pid }),
      ...(merged && { log: merged }),
    },
  };
}

/** Why the channel refuses a message to a worker, with the path of the offending value. */
export function unsendableError(message: ToWorker, thrown: unknown): TaskError {
  const { problems } = sendable(
    message.kind === 'run' ? message.task.data : undefined,
    'data',
    Number.MAX_SAFE_INTEGER,
  );
  const why = problems.length > 0 ? problems.join('; ') : messageOf(thrown);
  return { name: 'NotSendable', message: `it can't be sent to a worker: ${why}` };
}

/** How a worker ended, in one line. */
export function describeExit({ killedBecause, stderr }: EndedWorker, { code, signal, error }: WorkerExit): string {
  if (killedBecause) return killedBecause;
  if (error) return `${error.name}: ${error.message}`;
  const how = signal ? `ended by ${signal}` : `exited with code ${code}`;
  const detail = mostTelling(stderr);
  return detail ? `${how}: ${detail}` : how;
}

/** The most useful line of stderr: V8's fatal error, the error's own line, or else the last one. */
function mostTelling(stderr: readonly string[]): string | undefined {
  const lines = stderr.filter(line => line.trim() !== '');
  return (
    lines.find(line => line.startsWith('FATAL ERROR')) ??
    lines.findLast(line => /^\s*\w*(Error|Exception): /.test(line)) ??
    lines.findLast(line => !line.startsWith('Node.js v'))
  );
}

/** The error of a task whose worker died while running it. */
function crashError(worker: EndedWorker, exit: WorkerExit): TaskError {
  const message = `its worker (pid ${worker.pid}) ended in the middle of the task: ${describeExit(worker, exit)}`;
  return { name: 'WorkerCrash', message, ...(exit.error?.stack && { stack: exit.error.stack }) };
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
