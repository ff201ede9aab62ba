import type { Backoff, ResolvedOptions } from '../../catalog';
import type { Outcome } from './executor';
import type { Task, TaskError, TaskState } from './task';

/** What becomes of a running task. One store call makes it so. */
export interface Transition {
  state: Exclude<TaskState, 'running' | 'waiting'>;
  attempt: number;
  /** Its priority sinks by one, unless a deadline has bumped it: what keeps failing makes room for what may succeed. */
  sinks?: boolean;
  /** It goes before its equals: it was begun before them, and its process ended, for which it may not be to blame. */
  goesFirst?: boolean;
  /** Where it changes. */
  dueDate?: Date;
  result?: unknown;
  error?: TaskError;
  finishedAt?: Date;
  expiresAt?: Date;
  deadlineMissed?: boolean;
  snoozes?: number;
  /** False: its type keeps nothing of a task that is done (`retention: { done: 0 }`), so it is removed instead. */
  isKept?: false;
}

/** What of its type's options decides over a task. */
export type Rules = Pick<ResolvedOptions, 'attempts' | 'backoff' | 'retention' | 'maxSnoozes'>;

/**
 * What a running task becomes (design.md's table of states). Pure.
 *
 * @param now by the database's clock.
 * @param random from 0 to 1, for the jitter of the backoff.
 */
export function decideNextState(
  task: Task,
  outcome: Outcome,
  now: Date,
  rules: Rules,
  random = Math.random(),
): Transition {
  switch (outcome.kind) {
    case 'done':
      return finish(task, 'done', task.attempt + 1, now, rules.retention.done, { result: outcome.value });
    case 'cancelled':
      return finish(task, 'cancelled', task.attempt, now, rules.retention.failed, {});
    case 'rejected':
      // It never ran: no attempt is used.
      return finish(task, 'rejected', task.attempt, now, rules.retention.failed, { error: outcome.error });
    case 'failed':
      return afterFailure(task, outcome.error, now, rules, outcome.fatal, {
        sinks: true,
        waitMs: outcome.retryMs ?? backoffMs(task.attempt + 1, rules.backoff, random),
      });
    case 'snoozed':
      return afterSnooze(task, outcome, now, rules);
    case 'timedOut':
      return afterFailure(task, outcome.error, now, rules, false, {
        sinks: true,
        waitMs: backoffMs(task.attempt + 1, rules.backoff, random),
      });
    case 'crashed':
    case 'rescued':
      // It may not be to blame for the end of its process: it goes back at once, but the attempt counts.
      return afterFailure(task, outcome.error, now, rules, false, { goesFirst: true, waitMs: 0 });
    case 'handedBack':
      return { state: 'queued', attempt: task.attempt, goesFirst: true };
    default:
      return unknownOutcome(outcome);
  }
}

function afterFailure(
  task: Task,
  error: TaskError,
  now: Date,
  rules: Rules,
  fatal: boolean,
  { waitMs, ...standing }: Pick<Transition, 'sinks' | 'goesFirst'> & { waitMs: number },
): Transition {
  const attempt = task.attempt + 1;
  if (task.cancelRequested) return finish(task, 'cancelled', attempt, now, rules.retention.failed, { error });
  if (fatal || attempt >= rules.attempts)
    return finish(task, 'failed', attempt, now, rules.retention.failed, { error });
  return {
    state: waitMs > 0 ? 'scheduled' : 'queued',
    attempt,
    ...standing,
    ...(waitMs > 0 && { dueDate: new Date(now.getTime() + waitMs) }),
    error,
  };
}

/** No attempt is counted, and it doesn't sink: it has not failed. But nothing waits for ever unseen. */
function afterSnooze(task: Task, { until, why }: Snoozed, now: Date, rules: Rules): Transition {
  const { attempt, cancelRequested } = task;
  const snoozes = (task.snoozes ?? 0) + 1;
  if (cancelRequested) return finish(task, 'cancelled', attempt, now, rules.retention.failed, {});
  if (snoozes > rules.maxSnoozes) {
    const message = `snoozed more than ${rules.maxSnoozes} times (maxSnoozes), at last: ${why}`;
    const error = { name: 'SnoozedTooOften', message };
    return finish(task, 'failed', attempt + 1, now, rules.retention.failed, { error });
  }
  return { state: 'scheduled', attempt, snoozes, dueDate: typeof until === 'number' ? new Date(+now + until) : until };
}

type Snoozed = Extract<Outcome, { kind: 'snoozed' }>;

function finish(
  task: Task,
  state: 'done' | 'failed' | 'cancelled' | 'rejected',
  attempt: number,
  now: Date,
  keepMs: number,
  rest: Pick<Transition, 'result' | 'error'>,
): Transition {
  const missed = task.deadline !== undefined && now > task.deadline;
  const end = { finishedAt: now, expiresAt: new Date(now.getTime() + keepMs) };
  const isGone = state === 'done' && keepMs === 0;
  return { state, attempt, ...end, ...rest, ...(missed && { deadlineMissed: true }), ...(isGone && { isKept: false }) };
}

function unknownOutcome(outcome: never): never {
  throw new Error(`not an outcome: ${JSON.stringify(outcome)}`);
}

/**
 * How many milliseconds to wait after the given number of failures (1 is the first).
 *
 * @param random from 0 to 1; spreads the tries of tasks that failed together.
 */
export function backoffMs(failures: number, { base, factor, max, jitter }: Backoff, random = Math.random()): number {
  const wait = Math.min(max, base * factor ** (failures - 1));
  return Math.round(wait * (1 + jitter * (2 * random - 1)));
}
