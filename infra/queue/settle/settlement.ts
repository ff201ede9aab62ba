import { optionsOf } from '../../catalog';
import type { QueueCore } from '../api/queue-core';
import type { AttemptReport, Outcome } from '../model/executor';
import { fingerprinted } from '../model/fingerprint';
import { decideNextState } from '../model/states';
import type { AttemptRecord, Task, TaskError } from '../model/task';
import type { Settlement } from '../store/task-store';

/** What its store is to write of a task whose attempt has ended. An error gets its fingerprint. */
export function settlementOf(core: QueueCore, { task, outcome: reported, ran }: AttemptReport): Settlement<Task> {
  const outcome = withFingerprint(task, reported);
  const now = ran?.finishedAt ?? core.clock.now();
  const transition = decideNextState(task, outcome, now, optionsOf(core.catalog, task.taskType));
  const attempt = ran && recordOf(task, outcome, ran);
  return { task, transition, ...(attempt && { attempt }), ...(ran?.log && { log: ran.log }) };
}

/** The same where somebody else's claim has ended: that one's own settlement is void then, by the new token. */
export function settlementForAnother(
  core: QueueCore,
  task: Task,
  outcome: Outcome,
  newToken: string,
): Settlement<Task> {
  const now = core.clock.now();
  const ran = { startedAt: task.claimedAt ?? now, finishedAt: now };
  return { ...settlementOf(core, { task, outcome, ran }), newToken };
}

/** What is reported in the place of an attempt whose settlement the database refuses. */
export function unstorable({ task, attempt, log }: Settlement<Task>, problem: Error): AttemptReport {
  const ran = attempt && { ...attempt, ...(log && { log }) };
  const message = `its result cannot be stored: ${problem.message}. Put what is large into a file (context.files)`;
  return { task, outcome: { kind: 'failed', fatal: true, error: { name: notStorable, message } }, ...(ran && { ran }) };
}

const notStorable = 'ResultNotStorable';

/** Whether a settlement is already the one that takes the place of what could not be stored. */
export function isUnstorable({ transition }: Settlement): boolean {
  return transition.error?.name === notStorable;
}

/** Whether the task waits as before: nothing has run, and nothing is to be told or counted of it. */
export function isHandedBack({ transition, attempt }: Settlement): boolean {
  return transition.state === 'queued' && attempt === undefined;
}

/** How long the attempt took, in milliseconds; 0 where nothing ran. */
export function durationOf({ attempt }: Settlement): number {
  return attempt ? attempt.finishedAt.getTime() - attempt.startedAt.getTime() : 0;
}

function withFingerprint(task: Task, outcome: Outcome): Outcome {
  return 'error' in outcome ? { ...outcome, error: fingerprinted(task, outcome.error) } : outcome;
}

function recordOf(task: Task, outcome: Outcome, ran: NonNullable<AttemptReport['ran']>): AttemptRecord | undefined {
  if (outcome.kind === 'rejected' || outcome.kind === 'handedBack') return undefined;
  const { startedAt, finishedAt, workerPid, log } = ran;
  const error: { error?: TaskError; why?: string } =
    'error' in outcome ? { error: outcome.error } : outcome.kind === 'snoozed' ? { why: outcome.why } : {};
  const pid = workerPid === undefined ? {} : { workerPid };
  const lines = log ? { lines: log.lines.length } : {};
  return { startedAt, finishedAt, outcome: outcome.kind, owner: task.owner ?? '', ...pid, ...lines, ...error };
}
