import type { UnparsedTask } from '../model/new-task';
import { isOldSignature, type Signer, whyNotVerified } from '../model/signature';
import { finishedStates, type Task, type TaskState } from '../model/task';
import { findTaskProblem } from '../model/task-problem';

/**
 * What is added when a finished task is to run anew.
 *
 * @throws where it has not finished, was rejected, or is not as it was signed: nobody's forgery is signed anew.
 */
export function replayOf(task: Task, signer: Signer, inMemory: boolean): UnparsedTask {
  const { _id, state, taskType, data, basePriority, signature } = task;
  if (!(finishedStates as readonly TaskState[]).includes(state))
    throw new Error(`replay: task "${_id}" is ${state}; only what has finished can be played again`);
  if (state === 'rejected')
    throw new Error(`replay: task "${_id}" was rejected: nobody knows whether it is genuine. Add it afresh`);
  const problem = findTaskProblem(task) ?? (signer.verify(task) ? undefined : whyNotVerified(task));
  if (problem !== undefined) throw new Error(`replay: task "${_id}" cannot be trusted: ${problem}. Add it afresh`);
  // An old signature says nothing of the priority: it is the type's then.
  const priority = signer.active && isOldSignature(signature) ? undefined : basePriority;
  return { taskType, data, priority, inMemory };
}
