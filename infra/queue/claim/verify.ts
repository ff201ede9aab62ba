import { type AnyCatalog, findPayloadProblems } from '../../catalog';
import type { QueueCore } from '../api/queue-core';
import type { AttemptReport, Outcome } from '../model/executor';
import { isOldSignature, whyNotVerified } from '../model/signature';
import type { Task } from '../model/task';
import { findTaskProblem, readableParts } from '../model/task-problem';

/** Claimed tasks, told apart. */
export interface Verified {
  /** To be run. */
  tasks: Task[];
  /** Not to be run: rejected, or cancelled while they waited. */
  ended: AttemptReport[];
}

/** Looks at each claimed task before it may run: whoever can write to the database may have made it, or changed it. */
export function verify(core: QueueCore, claimed: Task[]): Verified {
  const ended: Verified['ended'] = [];
  const tasks = claimed.filter(task => {
    const malformed = findMalformed(task);
    const outcome = malformed ?? findOutcome(core, task);
    if (outcome) ended.push({ task: malformed ? readableParts(task) : task, outcome });
    return !outcome;
  });
  return { tasks, ended };
}

function findMalformed(task: Task): Outcome | undefined {
  // No channel to a worker carries an ObjectId, and no fence, log or list of ids expects one.
  if (typeof task._id !== 'string') return rejected('IdError', `_id: ${String(task._id)} is not a text`);
  const problem = findTaskProblem(task);
  return problem === undefined ? undefined : rejected('TaskError', problem);
}

/** Why a claimed task must not run, if so. */
function findOutcome({ signer, catalog }: QueueCore, task: Task): Outcome | undefined {
  if (task.cancelRequested) return { kind: 'cancelled' };
  if (!signer.verify(task)) return rejected('SignatureError', whyNotVerified(task));
  // What is signed was parsed when it was added, and has not changed since.
  const isParsed = signer.active && !isOldSignature(task.signature) && isCurrent(catalog, task);
  const problems = isParsed ? [] : problemsOf(catalog, task);
  return problems.length > 0 ? rejected('PayloadError', problems.join('; ')) : undefined;
}

function rejected(name: string, message: string): Outcome {
  return { kind: 'rejected', error: { name, message } };
}

function isCurrent(catalog: AnyCatalog, { taskType, catalogVersion }: Task): boolean {
  return catalog[taskType]?.version === catalogVersion;
}

function problemsOf(catalog: AnyCatalog, { taskType, data }: Task): readonly string[] {
  const definition = catalog[taskType];
  return definition ? findPayloadProblems(definition, data) : [`unknown task type ${taskType}`];
}
