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
  /** Only of one that the page asks for by its id. */
  result?: unknown;
  /** The same: how many of its type go before it, while it waits in line. */
  ahead?: number;
}

/** The name under which the browser gets them: the queue's own collection stays the server's. */
export const visitorTasks = 'visitorTasks';
