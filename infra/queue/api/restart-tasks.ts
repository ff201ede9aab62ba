import type { UnparsedTask } from '../model/add-options';
import { DuplicateTaskError } from '../model/errors';
import { isOldSignature, type Signer, whyNotVerified } from '../model/signature';
import { finishedStates, type Task, type TaskState } from '../model/task';
import { findTaskProblem } from '../model/task-problem';
import { addAll } from './add-tasks';
import { letIn } from './let-in';
import { type QueueCore, tellDispatchers } from './queue-core';

/** Puts a task that did not succeed back in the queue. @returns whether there was one. */
export async function retryTask(core: QueueCore, id: string): Promise<boolean> {
  const { memory, store, clock } = core;
  const dueDate = clock.now();
  const result = (await memory.retry(id, { dueDate })) ?? (await store.retry(id, { dueDate }));
  if (result === undefined) return false;
  const task = await store.findOne(id);
  if (result === 'duplicate') throw new DuplicateTaskError(id, 'uniqueKey', task?.uniqueKey ?? '');
  await letIn(core, [task]);
  tellDispatchers(core, dispatcher => dispatcher.datesChanged());
  return true;
}

/** Adds a finished task anew, with its payload or another one. @returns the new id. */
export async function replayTask(core: QueueCore, id: string, mended: { data?: unknown } = {}): Promise<string> {
  const inMemory = await core.memory.findOne(id);
  const found = inMemory ?? (await core.store.findOne(id));
  if (!found) throw new Error(`replay: there is no task "${id}"; its retention may be over`);
  const again = replayOf(found, core.signer, inMemory !== undefined);
  const [result] = await addAll(core, [{ ...again, ...mended }], { origin: found._id });
  return result?.id as string;
}

/**
 * What is added when a finished task is to run anew.
 *
 * @throws where it has not finished, was rejected, or is not as it was signed: nobody's forgery is signed anew.
 */
export function replayOf(task: Task, signer: Signer, inMemory: boolean): UnparsedTask {
  const { _id, state, taskType, data, basePriority, signature, onFailed, tags } = task;
  if (!(finishedStates as readonly TaskState[]).includes(state))
    throw new Error(`replay: task "${_id}" is ${state}; only what has finished can be played again`);
  if (state === 'rejected')
    throw new Error(`replay: task "${_id}" was rejected: nobody knows whether it is genuine. Add it afresh`);
  const problem = findTaskProblem(task) ?? (signer.verify(task) ? undefined : whyNotVerified(task));
  if (problem !== undefined) throw new Error(`replay: task "${_id}" cannot be trusted: ${problem}. Add it afresh`);
  // An old signature says nothing of the priority: it is the type's then.
  const priority = signer.active && isOldSignature(signature) ? undefined : basePriority;
  return { taskType, data, priority, inMemory, ...(onFailed !== undefined && { onFailed }), ...(tags && { tags }) };
}
