import { traceOf } from '../../tracing/tracing';
import type { QueueCore } from '../api/queue-core';
import type { Task, TaskError } from '../model/task';
import type { Settlement } from '../store/task-store';
import { durationOf, isHandedBack } from './settlement';

/** Says what became of a task: one event for the log and the metrics, one for the queue's listeners. */
export class SettleReport {
  constructor(private readonly core: QueueCore) {}

  tell(settlement: Settlement<Task>): void {
    const { task, transition, attempt } = settlement;
    if (isHandedBack(settlement)) {
      this.core.emit('task.handedBack', { taskType: task.taskType, taskId: task._id, ...traceOf(task) });
      return;
    }
    const after: Task = { ...task, ...transition };
    const fields = {
      taskType: task.taskType,
      taskId: task._id,
      attempt: transition.attempt,
      durationMs: durationOf(settlement),
      ...traceOf(task),
    };
    const { error } = transition;
    const outcome = attempt?.outcome;
    switch (transition.state) {
      case 'done':
        this.say('task.done', 'done', after, fields, transition.result);
        break;
      case 'failed':
        this.say('task.failed', 'error', after, { ...fields, outcome, ...described(error) }, error);
        break;
      case 'rejected':
        this.say('task.rejected', 'error', after, { ...fields, ...described(error) }, error);
        break;
      case 'cancelled':
        this.say('task.cancelled', 'cancelled', after, fields, error);
        break;
      case 'scheduled':
      case 'queued': {
        const { dueDate } = after;
        if (transition.snoozes !== undefined) {
          const { snoozes } = transition;
          this.core.emit('task.snoozed', { ...fields, snoozes, dueDate, why: attempt?.why });
          break;
        }
        this.say('task.retry', 'retry', after, { ...fields, outcome, dueDate, ...described(error) }, error);
      }
    }
  }

  private say(
    event: string,
    name: 'done' | 'error' | 'cancelled' | 'retry',
    task: Task,
    fields: object,
    value: unknown,
  ): void {
    this.core.emit(event, fields);
    this.core.events.tell(name, task, value);
  }
}

/** An error as the log has it, with the stack that the worker has mapped to the sources. */
function described(error: TaskError | undefined): object {
  if (!error) return {};
  const { name, message, stack, fingerprint } = error;
  return { error: { name, message, ...(stack && { stack }) }, fingerprint };
}
