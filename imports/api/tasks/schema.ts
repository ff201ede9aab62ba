import type { TaskState } from '../../../infra/queue/model/task';
import type { TaskType } from '../../tasks/catalog';

/** What a visitor's page knows of a task: how it is doing, not what it holds. */
export interface VisitorTask {
  _id: string;
  taskType: TaskType;
  state: TaskState;
  createdAt: Date;
  progress?: { fraction: number; note?: string };
  error?: { name: string; message: string };
  attempt: number;
  finishedAt?: Date;
}

/** The name under which the browser gets them: the queue's own collection stays the server's. */
export const visitorTasks = 'visitorTasks';
