import { createHash } from 'node:crypto';
import type { Collection, Db } from 'mongodb';
import type { Emit } from '../../monitor/events';
import type { Task, TaskError } from '../model/task';

export const errorCollectionName = 'taskErrors';

/** All occurrences of one error: its fingerprint is its id. */
export interface ErrorGroup {
  _id: string;
  taskType: string;
  name: string;
  /** Of the newest occurrence. */
  message: string;
  stack?: string;
  taskId: string;
  count: number;
  firstAt: Date;
  lastAt: Date;
}

interface Occurrences {
  task: Task;
  error: TaskError;
  count: number;
}

/** Groups errors by fingerprint, and tells the developer at the first, tenth, hundredth … occurrence of one. */
export class ErrorGroups {
  private readonly collection: Collection<ErrorGroup>;

  constructor(
    db: Db,
    private readonly emit: Emit,
  ) {
    this.collection = db.collection(errorCollectionName);
  }

  /** The error with its fingerprint. */
  static fingerprinted(task: Task, error: TaskError): TaskError {
    return { ...error, fingerprint: error.fingerprint ?? fingerprintOf(task.taskType, error) };
  }

  /** Records fingerprinted errors, one write for each group. */
  async record(failures: readonly { task: Task; error: TaskError }[], now: Date): Promise<void> {
    const groups = new Map<string, Occurrences>();
    for (const { task, error } of failures) {
      const key = error.fingerprint as string;
      groups.set(key, { task, error, count: (groups.get(key)?.count ?? 0) + 1 });
    }
    await Promise.all([...groups].map(([fingerprint, occurrences]) => this.add(fingerprint, occurrences, now)));
  }

  private async add(fingerprint: string, { task, error, count }: Occurrences, now: Date): Promise<void> {
    const { name, message, stack } = error;
    const newest = { taskType: task.taskType, name, message, taskId: task._id, lastAt: now, ...(stack && { stack }) };
    const group = await this.collection.findOneAndUpdate(
      { _id: fingerprint },
      { $set: newest, $inc: { count }, $setOnInsert: { firstAt: now } },
      { upsert: true, returnDocument: 'after' },
    );
    const total = group?.count ?? count;
    const mark = milestoneBetween(total - count, total);
    if (mark) this.emit('task.errorGroup', { fingerprint, taskType: task.taskType, name, message, count: total, mark });
  }
}

/** The greatest of 1, 10, 100 … that was reached after `before` and up to `after`, if any. */
export function milestoneBetween(before: number, after: number): number | undefined {
  let reached: number | undefined;
  for (let mark = 1; mark <= after; mark *= 10) if (mark > before) reached = mark;
  return reached;
}

/**
 * Groups errors that are the same to a developer: task type, error name, message without numbers and ids, top frame
 * without its line (a line moves with every edit above it).
 */
export function fingerprintOf(taskType: string, error: TaskError): string {
  const parts = [taskType, error.name, withoutIds(error.message), topFrame(error.stack)];
  return createHash('sha256').update(parts.join('\n')).digest('base64url').slice(0, 22);
}

/** The message with everything that differs from one occurrence to the next replaced by a sign. */
export function withoutIds(message: string): string {
  return message
    .slice(0, 1_000)
    .replace(/\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi, '<id>')
    .replace(/\b(?=\w*\d)(?=\w*[a-z])\w{8,}\b/gi, '<id>')
    .replace(/(["'`])(?:(?!\1).){1,200}\1/g, '<text>')
    .replace(/-?\d+(?:[.,]\d+)*/g, '<number>');
}

function topFrame(stack = ''): string {
  const frame = stack.split('\n').find(line => /^\s+at /.test(line)) ?? '';
  return frame.trim().replace(/:\d+:\d+\)?$/, '');
}
