import { type AnyCatalog, findPayloadProblems } from '../../catalog';
import type { QueueCore } from '../queue-core';
import type { Ending } from '../states';
import type { Task } from '../task';

/** Claimed tasks, told apart. */
export interface Verified {
  /** To be run. */
  tasks: Task[];
  /** Not to be run: rejected, or cancelled while they waited. */
  ended: { task: Task; ending: Ending }[];
}

/** Looks at each claimed task before it may run: whoever can write to the database may have made it, or changed it. */
export function verify(core: QueueCore, claimed: Task[]): Verified {
  const ended: Verified['ended'] = [];
  const tasks = claimed.filter(task => {
    const ending = findEnding(core, task);
    if (ending) ended.push({ task, ending });
    return !ending;
  });
  return { tasks, ended };
}

/** Why a claimed task must not run, if so. */
function findEnding({ signer, catalog }: QueueCore, task: Task): Ending | undefined {
  if (task.cancelRequested) return { kind: 'cancelled' };
  // No channel to a worker carries an ObjectId, and no fence, log or list of ids expects one.
  if (typeof task._id !== 'string') return rejected('IdError', `_id: ${String(task._id)} is not a text`);
  if (!signer.verify(task)) return rejected('SignatureError', `its signature does not verify: ${unsigned(task)}`);
  // What is signed was parsed when it was added, and has not changed since.
  const problems: readonly string[] = signer.active && isCurrent(catalog, task) ? [] : problemsOf(catalog, task);
  return problems.length > 0 ? rejected('PayloadError', problems.join('; ')) : undefined;
}

function rejected(name: string, message: string): Ending {
  return { kind: 'rejected', error: { name, message } };
}

function unsigned({ signature }: Task): string {
  return signature === undefined
    ? 'it has none, although queue.signingKey is set'
    : 'somebody without the key wrote or changed it';
}

function isCurrent(catalog: AnyCatalog, { taskType, catalogVersion }: Task): boolean {
  return catalog[taskType]?.version === catalogVersion;
}

function problemsOf(catalog: AnyCatalog, { taskType, data }: Task): readonly string[] {
  const definition = catalog[taskType];
  return definition ? findPayloadProblems(definition, data) : [`unknown task type ${taskType}`];
}
