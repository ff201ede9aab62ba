import { plainError } from '../../errors/plain-error';
import type { Task } from '../../queue/model/task';
import { withinTask } from '../../queue/model/within-task';
import type { ToRole, ToWorker } from '../protocol/protocol';
import { sendable } from '../protocol/sendable';
import type { MessageBroker, PoolQueue } from './pool-options';

const largestAnswer = 16 * 1024 * 1024;

/**
 * Gives a handler's message to the role's broker and sends its first answer back; a broker that is missing, throws or
 * answers what can't be sent gives the handler an error instead.
 */
export function answerQuestion(
  broker: MessageBroker | undefined,
  { _id, taskType }: Task,
  { ask, status, data }: Extract<ToRole, { kind: 'ask' }>,
  send: (answer: ToWorker) => void,
): void {
  const refuse = (thrown: unknown) => send({ kind: 'refusal', ask, error: plainError(thrown) });
  const respond = (answer: unknown) => {
    const { value, problems } = sendable(answer, 'answer', largestAnswer);
    if (problems.length > 0) refuse(new TypeError(problems.join('; ')));
    else send({ kind: 'answer', ask, value });
  };
  if (broker) callBroker(() => broker(respond, { status, data, taskId: _id, taskType })).catch(refuse);
  else refuse(new Error('this role has no messageBroker: give one to new Cluster(taskMap, { messageBroker })'));
}

/** Adds a handler's tasks to the role's queue, which knows then whose they are; the ids, or its error, go back. */
export function addForHandler(
  queue: PoolQueue | undefined,
  task: Task,
  { ask, tasks }: Extract<ToRole, { kind: 'add' }>,
  send: (answer: ToWorker) => void,
): void {
  const add = async () => {
    if (!queue) throw new Error('this pool was given no queue, so its tasks can add none');
    return withinTask(task, async () => (tasks.length === 1 ? [await queue.addTask(tasks[0])] : queue.addTasks(tasks)));
  };
  add().then(
    value => send({ kind: 'answer', ask, value }),
    thrown => send({ kind: 'refusal', ask, error: plainError(thrown) }),
  );
}

/** A broker may be async: then its rejection is an answer too. */
async function callBroker(call: () => unknown): Promise<void> {
  await call();
}
