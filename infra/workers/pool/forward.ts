import { plainError } from '../../errors/plain-error';
import type { Emit } from '../../monitor/events';
import type { ExecutorCallbacks } from '../../queue/model/executor';
import type { Task } from '../../queue/model/task';
import { withinTask } from '../../queue/model/within-task';
import { sendable } from '../protocol/channel';
import type { BatchCall, ToRole, ToWorker } from '../protocol/messages';
import type { MessageBroker, PoolQueue, ResolvedPoolOptions } from './pool-options';

/** What a handler sends while it runs. */
export type HandlerMessage = Extract<ToRole, { kind: 'progress' | 'log' | 'ask' | 'add' | 'batch' }>;

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
      askQueue(
        queue,
        task,
        message,
        answer => worker?.send(answer),
        async (its, { tasks }) => (tasks.length === 1 ? [await its.addTask(tasks[0])] : its.addTasks(tasks)),
      );
      break;
    case 'batch':
      askQueue(
        queue,
        task,
        message,
        answer => worker?.send(answer),
        (its, { call, args }) => batchCalls[call](its, args),
      );
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

/** Asks the role's queue for a handler: it knows then whose question it is; the answer, or its error, goes back. */
function askQueue<M extends { ask: number }>(
  queue: PoolQueue | undefined,
  task: Task,
  message: M,
  send: (answer: ToWorker) => void,
  call: (queue: PoolQueue, message: M) => Promise<unknown>,
): void {
  const { ask } = message;
  const answer = async () => {
    if (!queue) throw new Error('this pool was given no queue, so its tasks can add none');
    return withinTask(task, () => call(queue, message));
  };
  answer().then(
    value => send({ kind: 'answer', ask, value }),
    thrown => send({ kind: 'refusal', ask, error: plainError(thrown) }),
  );
}

// biome-ignore lint/suspicious/noExplicitAny: from a worker; the queue itself parses what it is given
const batchCalls: Record<BatchCall, (queue: PoolQueue, args: any[]) => Promise<unknown>> = {
  create: async (queue, [batch]) => (await queue.addBatch(batch)).id,
  add: (queue, [id, tasks]) => queue.batch(id).add(tasks),
  seal: (queue, [id]) => queue.batch(id).seal(),
  read: (queue, [id]) => queue.batch(id).read(),
  failed: (queue, [id, limit]) => queue.batch(id).failed(limit),
};

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
