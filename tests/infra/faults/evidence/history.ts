import { isLive, type Task, type TaskState } from '../../../../infra/queue/model/task';
import type { Change } from './witness';

type Seen = Change['set'];

/** One claim on a task, from the write that made it to the write that ended it. */
export interface Claim {
  token: string;
  attemptBefore: number;
  /** Absent while it runs. */
  /** `fenced`: by somebody else, who gave the task another token. */
  exit?: { state: TaskState; attempt: number; fenced: boolean };
}

/** All that the witness saw of one task, by its id. */
export interface History {
  claims: Map<string, Claim>;
  /** How many tasks have been added under this id, one after the other. */
  added: number;
  problems: string[];
  now: Seen | undefined;
}

/** design.md's table of states, and the housekeeping of `update` and of what cannot be promoted. */
const allowed: Record<TaskState, readonly TaskState[]> = {
  waiting: ['waiting', 'scheduled', 'queued', 'failed', 'cancelled'],
  scheduled: ['scheduled', 'waiting', 'queued', 'cancelled', 'failed'],
  queued: ['queued', 'scheduled', 'running', 'cancelled', 'rejected'],
  running: ['running', 'done', 'scheduled', 'queued', 'failed', 'cancelled', 'rejected'],
  done: ['done'],
  failed: ['failed', 'waiting', 'queued'],
  cancelled: ['cancelled', 'waiting', 'queued'],
  rejected: ['rejected', 'waiting', 'queued'],
};

/** Tells the life of each task from the changes, in their order; what may not happen is a problem. */
export function historiesOf(changes: readonly Change[]): Map<string, History> {
  const histories = new Map<string, History>();
  const keys = new Map<string, string>();
  for (const change of changes) {
    const history = histories.get(change.id) ?? { claims: new Map(), added: 0, problems: [], now: undefined };
    histories.set(change.id, history);
    const before = history.now;
    history.now = after(before, change);
    follow(history, before, history.now);
    holdKeys(keys, change.id, before, history);
  }
  return histories;
}

function after(before: Seen | undefined, { gone, whole, set, unset }: Change): Seen | undefined {
  if (gone) return undefined;
  const next = whole ? { ...set } : { ...before, ...set };
  for (const name of unset) delete next[name];
  return next;
}

function follow(history: History, before: Seen | undefined, now: Seen | undefined): void {
  if (!now) return;
  if (!before || isAnother(before, now)) begin(history, before, now);
  else move(history, before, now);
}

function move(history: History, before: Seen, now: Seen): void {
  const { state: from, token: oldToken } = before as { state: TaskState; token?: string };
  const { state: to, token: newToken, attempt = 0 } = now as { state: TaskState; token?: string; attempt?: number };
  if (!allowed[from].includes(to)) history.problems.push(`went from ${from} to ${to}, which no rule allows`);
  if (from !== 'running' && to === 'running') open(history, newToken, before.attempt ?? 0);
  if (from !== 'running') return;
  if (to !== 'running') close(history, oldToken, { state: to, attempt, fenced: oldToken !== newToken });
  else if (oldToken !== newToken)
    history.problems.push(`had two owners: ${newToken} took it while ${oldToken} held it`);
}

/** A finished task made room for a new one of its `_id`. */
function isAnother(before: Seen, now: Seen): boolean {
  return before.createdAt?.getTime() !== now.createdAt?.getTime();
}

function begin(history: History, before: Seen | undefined, now: Seen): void {
  history.added += 1;
  if (before && isLive(before as Task)) history.problems.push(`was replaced while it was ${before.state}`);
  if (!['queued', 'scheduled', 'waiting'].includes(now.state as string)) history.problems.push(`began as ${now.state}`);
}

function open({ claims, problems }: History, token: string | undefined, attemptBefore: number): void {
  if (!token) problems.push('was claimed without a token');
  else if (claims.has(token)) problems.push(`was claimed twice with the token ${token}`);
  else claims.set(token, { token, attemptBefore });
}

function close({ claims, problems }: History, token: string | undefined, exit: NonNullable<Claim['exit']>): void {
  const claim = token === undefined ? undefined : claims.get(token);
  if (claim) claim.exit = exit;
  else problems.push(`became ${exit.state} without a claim that the witness knows`);
}

/** At each moment a `uniqueKey` belongs to one live task at most. */
function holdKeys(keys: Map<string, string>, id: string, before: Seen | undefined, { now, problems }: History): void {
  if (before?.uniqueKey !== undefined && keys.get(before.uniqueKey) === id) keys.delete(before.uniqueKey);
  if (now?.uniqueKey === undefined || !isLive(now as Task)) return;
  const holder = keys.get(now.uniqueKey);
  if (holder !== undefined && holder !== id)
    problems.push(`has the uniqueKey "${now.uniqueKey}" while ${holder} has it`);
  keys.set(now.uniqueKey, id);
}
