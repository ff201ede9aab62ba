import { type AnyCatalog, defaultOptions, type ResolvedOptions } from '../../catalog';
import type { QueueCore } from '../api/queue-core';
import type { Report } from '../model/executor';
import { decideNextState, type Ending } from '../model/states';
import type { Attempt, Task, TaskError } from '../model/task';
import { ErrorGroups } from '../store/error-groups';
import type { Settlement } from '../store/task-store';

/** The end of an attempt, before it is known what becomes of the task. */
export interface EndedAttempt {
  task: Task;
  ending: Ending;
  /** Absent where nothing ran: the task was rejected or cancelled at its claim. */
  ran?: Pick<Report, 'startedAt' | 'finishedAt' | 'workerPid'>;
}

/** What becomes of the task: its ending, with a fingerprint where it is an error, and what its store is to write. */
export function settle(core: QueueCore, { task, ending: given, ran }: EndedAttempt) {
  const ending = withFingerprint(task, given);
  const now = ran?.finishedAt ?? core.clock.now();
  const transition = decideNextState(task, ending, now, rulesOf(core.catalog, task.taskType));
  const attempt = ran && attemptOf(task, ending, ran);
  const settlement: Settlement = { task, transition, ...(attempt && { attempt }) };
  return { ending, settlement };
}

/** The same where somebody else's claim has ended: that one's own settle is void then, by the new token. */
export function settleForAnother(core: QueueCore, task: Task, ending: Ending, newToken: string): Settlement {
  const now = core.clock.now();
  const ran = { startedAt: task.claimedAt ?? now, finishedAt: now };
  return { ...settle(core, { task, ending, ran }).settlement, newToken };
}

/** The end of an attempt whose own end the database refuses. */
export function unstorable({ task, ran }: EndedAttempt, problem: Error): EndedAttempt {
  const message = `its result cannot be stored: ${problem.message}. Put what is large into a file (context.files)`;
  return { task, ran, ending: { kind: 'failed', fatal: true, error: { name: notStorable, message } } };
}

const notStorable = 'ResultNotStorable';

/** Whether an end is already the one that takes the place of what could not be stored. */
export function isUnstorable(ending: Ending): boolean {
  return ending.kind === 'failed' && ending.error.name === notStorable;
}

/** The options of a type; the defaults for one that this role does not know (it may rescue such a task). */
export function rulesOf(catalog: AnyCatalog, taskType: string): ResolvedOptions {
  return (Object.hasOwn(catalog, taskType) ? catalog[taskType] : undefined) ?? defaultOptions;
}

function withFingerprint(task: Task, ending: Ending): Ending {
  return 'error' in ending ? { ...ending, error: ErrorGroups.fingerprinted(task, ending.error) } : ending;
}

function attemptOf(task: Task, ending: Ending, ran: NonNullable<EndedAttempt['ran']>): Attempt | undefined {
  if (ending.kind === 'rejected') return undefined;
  const { startedAt, finishedAt, workerPid } = ran;
  const error: { error?: TaskError } = 'error' in ending ? { error: ending.error } : {};
  const pid = workerPid === undefined ? {} : { workerPid };
  return { startedAt, finishedAt, outcome: ending.kind, owner: task.owner ?? '', ...pid, ...error };
}
