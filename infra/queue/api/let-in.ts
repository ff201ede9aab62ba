import type { Task } from '../model/task';
import { admit } from '../waiting/slots';
import { judge, release } from '../waiting/successors';
import { type QueueCore, tellDispatchers } from './queue-core';

/**
 * Asks of tasks that wait from now on whether they need to: what they wait for may have come before they were there.
 *
 * Whatever becomes of this question, they are there: a jobs role asks it again.
 *
 * @param freed limits of which slots have come free.
 */
export async function letIn(
  core: QueueCore,
  tasks: readonly (Task | undefined)[],
  freed: readonly string[] = [],
): Promise<void> {
  const waiting = tasks.filter(task => task?.state === 'waiting') as Task[];
  if (waiting.length + freed.length === 0) return;
  const lines = waiting.flatMap(({ waitsFor, limitKey }) => (waitsFor === 'slot' ? (limitKey ?? []) : []));
  const successors = waiting.filter(({ waitsFor }) => waitsFor === 'predecessors');
  await quietly(async () => {
    await admit(core, [...new Set([...lines, ...freed])]);
    if (successors.length > 0) await judge(core, successors);
  });
}

/** Lets in what waited for a task that has ended outside of a jobs role. */
export async function letInAfter(core: QueueCore, { _id, limitKey }: Task): Promise<void> {
  await quietly(async () => {
    if (limitKey !== undefined) await admit(core, [limitKey]);
    await release(core, [_id]);
  });
  tellDispatchers(core, dispatcher => dispatcher.datesChanged());
}

async function quietly(what: () => Promise<void>): Promise<void> {
  await what().catch(() => {});
}
