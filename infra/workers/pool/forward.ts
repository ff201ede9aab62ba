import { plainError } from '../../errors/plain-error';
import type { Emit } from '../../monitor/events';
import type { ExecutorCallbacks } from '../../queue/model/executor';
import type { Task } from '../../queue/model/task';
import { withinTask } from '../../queue/model/within-task';
import { sendable } from '../protocol/channel';
import type { ToRole, ToWorker } from '../protocol/messages';
import type { MessageBroker, PoolQueue, ResolvedPoolOptions } from './pool-options';

/** What a handler sends while it runs. */
export type HandlerMessage = Extract<ToRole, { kind: 'progress' | 'log' | 'ask' | 'add' }>;

const largestAnswer = 16 * 1024 * 1024;

/** Forwards a handler's message: progress to the dispatcher, its log to the role's, questions to the broker or the queue. */
export function forward(
  { task, worker }: { task: Task; worker?: { send(message: ToWorker): void } },
  message: HandlerMessage,
  { emit, messageBroker, queue }: Pick<ResolvedPoolOptions, 'emit' | 'messageBroker' | 'queue'>,
  events: ExecutorCallbacks | undefined,
): void {
  const { _id: taskId, taskType } = task;
  switch (message.kind) {
    case 'progress': {
      const { fraction, note, at } = message;
      events?.onProgress(task, { fraction, ...(note !== undefined && { note }), at: new Date(at) });
      break;
    }
    case 'log': {
      const { level, message: text, fields } = message;
      emit('task.log', { taskType, taskId, level, message: text, ...(fields && { fields }) });
      break;
    }
    case 'ask':
      answerQuestion(messageBroker, task, message, answer => worker?.send(answer));
      break;
    case 'add':
      addForHandler(queue, task, message, answer => worker?.send(answer));
  }
}

/**
 * Gives a handler's message to the role's broker and sends its first answer back; a broker that is missing, throws or
 * answers what can't be sent gives the handler an error instead.
 */
function answerQuestion(
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

/** A broker may be async: then its rejection is an answer too. */
async function callBroker(call: () => unknown): Promise<void> {
  await call();
}

/** Adds a handler's tasks to the role's queue, which knows then whose they are; the ids, or its error, go back. */
function addForHandler(
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

/** A listener that throws costs neither a slot nor another attempt: the failure is logged, and all goes on. */
export function guardedCallbacks(events: ExecutorCallbacks, emit: Emit): ExecutorCallbacks {
  const guard = (step: keyof ExecutorCallbacks, call: () => void): void => {
    try {
      call();
    } catch (error) {
      emit('pool.failed', { step, error });
    }
  };
  return {
    onStarted: (task, workerPid) => guard('onStarted', () => events.onStarted(task, workerPid)),
    onProgress: (task, progress) => guard('onProgress', () => events.onProgress(task, progress)),
    onReport: report => guard('onReport', () => events.onReport(report)),
    wake: () => guard('wake', () => events.wake()),
  };
}
