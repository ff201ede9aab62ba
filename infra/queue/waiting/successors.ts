import { optionsOf } from '../../catalog';
import { messageOf } from '../../errors/plain-error';
import type { QueueEvents } from '../model/events';
import { isLive, type Task, type TaskState } from '../model/task';
import { type AfterPredecessors, afterPredecessors } from '../model/waiting';
import { refusesDocument } from '../store/database-errors';
import { type AsideDeps, setAsideAndTell, withoutMalformed } from '../store/malformed';
import { endWaiting, goOn, statesOf, successorsOf, waitingForOthers } from '../store/mongo-successors';
import { admit, type SlotDeps } from './slots';

/** What tasks that come after others are let go on, or ended, by: the queue's core has it. */
export interface SuccessorDeps extends SlotDeps, AsideDeps {
  readonly store: SlotDeps['store'] & AsideDeps['store'];
  readonly events: QueueEvents;
}

const atOnce = 500;

/** What has come of it: some wait no more, some will never run. */
export interface Released {
  wentOn: number;
  /** Some of them wait for their time now. */
  scheduled: boolean;
  /** As they are now. */
  ended: Task[];
}

/** Tasks have ended: what came after them goes on, or ends as well, and then what comes after that. */
export async function release(deps: SuccessorDeps, ids: readonly string[]): Promise<Released> {
  const released: Released = { wentOn: 0, scheduled: false, ended: [] };
  for (let ended = [...ids]; ended.length > 0; ) {
    const successors = await successorsOf(deps.store.collection, ended.slice(0, atOnce), atOnce);
    const step = await judge(deps, successors);
    released.wentOn += step.wentOn;
    released.scheduled ||= step.scheduled;
    released.ended.push(...step.ended);
    // Where all slots of this look were used there may be more behind it.
    const sameAgain = successors.length === atOnce && step.wentOn + step.ended.length > 0;
    ended = [...(sameAgain ? ended : ended.slice(atOnce)), ...step.ended.map(({ _id }) => _id)];
  }
  return released;
}

/**
 * Asks of each whether what it waits for has ended. Whatever crashed between the end of a task and this question, it can be
 * asked again: nothing is counted.
 */
export async function judge(deps: SuccessorDeps, found: readonly Task[]): Promise<Released> {
  const { collection } = deps.store;
  const waiting = await withoutMalformed(deps, found, 'waiting', 'cannot go on');
  const states = await statesOf(collection, [...new Set(waiting.flatMap(({ after = [] }) => after))]);
  const isLiveState = (state: TaskState) => isLive({ state });
  const decided = waiting.map(task => ({ task, what: afterPredecessors(task, states, isLiveState) }));
  const free = decided.flatMap(({ task, what }) => (what.kind === 'goOn' ? [task] : []));
  if (free.length > 0) {
    const which = { _id: { $in: free.map(({ _id }) => _id) }, waitsFor: 'predecessors' as const };
    await goOn(collection, which, deps.clock.now());
    await admit(deps, [...new Set(free.flatMap(({ limitKey }) => limitKey ?? []))]);
  }
  const ended: Task[] = [];
  for (const { task, what } of decided) ended.push(...(await end(deps, task, what)));
  const now = deps.clock.now();
  return { wentOn: free.length, scheduled: free.some(({ dueDate }) => dueDate > now), ended };
}

/** @returns the task as it is then, where it has ended by this. */
async function end(deps: SuccessorDeps, task: Task, what: AfterPredecessors): Promise<Task[]> {
  if (what.kind !== 'failed' && what.kind !== 'cancelled') return [];
  const { store, clock, catalog, emit, events } = deps;
  const { _id: taskId, taskType, attempt } = task;
  const { retention } = optionsOf(catalog, taskType);
  const finishedAt = clock.now();
  const error = { name: 'PredecessorError', message: `it comes after task "${what.why}", which is ${what.its}` };
  const ending = { state: what.kind, error, finishedAt, expiresAt: new Date(finishedAt.getTime() + retention.failed) };
  try {
    if (!(await endWaiting(store.collection, taskId, ending))) return [];
  } catch (thrown) {
    if (!refusesDocument(thrown)) throw thrown;
    await setAsideAndTell(deps, { _id: taskId }, 'waiting', `cannot end: ${messageOf(thrown)}`);
    return [];
  }
  const after = { ...task, ...ending };
  emit(what.kind === 'failed' ? 'task.failed' : 'task.cancelled', { taskType, taskId, attempt, error });
  events.tell(what.kind === 'failed' ? 'error' : 'cancelled', after, error);
  return [after];
}

/** The same question for some of all that wait for others. `stay`: how many do so. `next`: where to go on, '' at the end. */
export async function judgeSome(deps: SuccessorDeps, from: string): Promise<Released & { stay: number; next: string }> {
  const waiting = await waitingForOthers(deps.store.collection, from, atOnce);
  const released = await judge(deps, waiting);
  const cascade = await release(
    deps,
    released.ended.map(({ _id }) => _id),
  );
  return {
    wentOn: released.wentOn + cascade.wentOn,
    scheduled: released.scheduled || cascade.scheduled,
    ended: [...released.ended, ...cascade.ended],
    stay: waiting.length - released.wentOn - released.ended.length,
    next: waiting.length < atOnce ? '' : (waiting.at(-1) as Task)._id,
  };
}
