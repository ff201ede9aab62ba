import { plainError } from '../../errors/plain-error';
import type { Emit } from '../../monitor/events';
import { LastLines } from '../../queue/model/attempt-log';
import type { ExecutorCallbacks } from '../../queue/model/executor';
import type { Task } from '../../queue/model/task';
import { withinTask } from '../../queue/model/within-task';
import { traceOf } from '../../tracing/tracing';
import { sendable } from '../protocol/channel';
import type { BatchCall, ToRole, ToWorker } from '../protocol/messages';
import type { MessageBroker, PoolQueue, ResolvedPoolOptions } from './pool-options';

/** What a handler sends while it runs. */
export type HandlerMessage = Extract<ToRole, { kind: 'progress' | 'log' | 'ask' | 'add' | 'batch' }>;

const largestAnswer = 16 * 1024 * 1024;

/** An attempt, as far as its handler's messages are concerned. */
export interface ForwardedAttempt {
  readonly task: Task;
  readonly worker?: { send(message: ToWorker): void };
  log?: LastLines;
}

/**
 * Forwards a handler's message: progress to the dispatcher, its log to the role's (and to its attempt's own), questions to
 * the broker or the queue.
 */
export function forward(
  attempt: ForwardedAttempt,
  message: HandlerMessage,
  { emit, messageBroker, queue }: Pick<ResolvedPoolOptions, 'emit' | 'messageBroker' | 'queue'>,
  events: ExecutorCallbacks | undefined,
): void {
  const { task, worker } = attempt;
  const { _id: taskId, taskType } = task;
  switch (message.kind) {
    case 'progress': {
      const { fraction, note, at } = message;
      events?.onProgress(task, { fraction, ...(note !== undefined && { note }), at: new Date(at) });
      break;
    }
    case 'log': {
      const { level, message: text, fields, at } = message;
      attempt.log ??= new LastLines();
      attempt.log.push({ at, level, text, ...(fields && { fields: JSON.stringify(fields) }) });
      emit('task.log', { taskType, taskId, level, message: text, ...(fields && { fields }), ...traceOf(task) });
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
 * Gives a handler's message to the role's broker and sends its first answer back. If the broker is missing, throws, or
 * gives an answer that can't be sent, the handler gets an error.
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

/** Asks the role's queue in the name of a handler's task, and sends the answer, or its error, back. */
function askQueue<M extends { ask: number; traceparent?: string }>(
  queue: PoolQueue | undefined,
  task: Task,
  message: M,
  send: (answer: ToWorker) => void,
  call: (queue: PoolQueue, message: M) => Promise<unknown>,
): void {
  const { ask, traceparent = task.traceparent } = message;
  const adder = traceparent === undefined ? task : { ...task, traceparent };
  const answer = async () => {
    if (!queue) throw new Error('this pool was given no queue, so its tasks can add none');
    return withinTask(adder, () => call(queue, message));
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

/** A listener that throws costs neither a slot nor another attempt: the pool logs the failure and goes on. */
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
