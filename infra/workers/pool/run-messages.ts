import type { ExecutorCallbacks } from '../../queue/model/executor';
import type { ToRole } from '../protocol/protocol';
import type { ResolvedPoolOptions } from './pool-options';
import type { PoolRun } from './pool-run';
import { addForHandler, answerQuestion } from './question-broker';

/** What a handler says while it runs. */
export type Saying = Extract<ToRole, { kind: 'progress' | 'log' | 'ask' | 'add' }>;

/** Passes on what a handler said: its progress to the dispatcher, its log to the role's, its questions to who answers. */
export function passOn(
  { task, worker }: PoolRun,
  message: Saying,
  { emit, messageBroker, queue }: ResolvedPoolOptions,
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
