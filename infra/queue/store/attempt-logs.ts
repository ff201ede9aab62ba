import type { AnyBulkWriteOperation, Collection, Db } from 'mongodb';
import type { AttemptLog, LogLine } from '../model/attempt-log';
import type { Task } from '../model/task';
import type { Settlement } from './task-store';

export const logCollectionName = 'taskLogs';

/** What was written while an attempt ran. There is none of an attempt that wrote nothing. */
export interface StoredLog extends Pick<AttemptLog, 'dropped'> {
  taskId: string;
  lines: (Omit<LogLine, 'at'> & { at: Date })[];
  /** As in the task's history: it tells attempts apart. */
  startedAt: Date;
  /** The number of the attempt, from 1; one that was put off has the number of the next. */
  attempt: number;
  expiresAt: Date;
}

/** Of a task that goes on: as long as it may be found that it does not. */
const keptMs = 30 * 24 * 60 * 60 * 1_000;

/** The logs of attempts, beside the tasks: kept as long as these. */
export class AttemptLogs {
  private readonly collection: Collection<StoredLog>;

  constructor(db: Db) {
    this.collection = db.collection(logCollectionName);
  }

  async ensureIndexes(): Promise<void> {
    await this.collection.createIndexes([
      { name: 'task', key: { taskId: 1, startedAt: -1 } },
      { name: 'retention', key: { expiresAt: 1 }, expireAfterSeconds: 0 },
    ]);
  }

  /** Whether there is anything to write of it: it has a log, or attempts before it had one. */
  static isConcerned(this: void, { task, transition, log }: Settlement<Task>): boolean {
    return transition.isKept !== false && (log !== undefined || hasLogs(task));
  }

  /** Writes the logs of attempts that have ended, in one go, and keeps those before them for as long as the task. */
  async write(settled: readonly Settlement<Task>[], now: Date): Promise<void> {
    const operations = settled.filter(AttemptLogs.isConcerned).flatMap(one => writesOf(one, now));
    if (operations.length > 0) await this.collection.bulkWrite(operations, { ordered: false });
  }

  /** The log of an attempt, or of the newest that has one. */
  async read(task: Pick<Task, '_id' | 'createdAt'>, startedAt?: Date): Promise<StoredLog | undefined> {
    // A task of the same id that was there before is another one.
    const which = startedAt ?? { $gte: task.createdAt };
    const filter = { taskId: task._id, startedAt: which };
    const options = { sort: { startedAt: -1 } as const, projection: { _id: 0 }, maxTimeMS: 5_000 };
    return (await this.collection.findOne(filter, options)) ?? undefined;
  }
}

/** Whether attempts before this one have logs. What is in the history may be anybody's. */
function hasLogs({ attempts }: Task): boolean {
  return attempts.some(attempt => attempt?.lines);
}

function writesOf(settlement: Settlement<Task>, now: Date): AnyBulkWriteOperation<StoredLog>[] {
  const { task, transition, attempt, log } = settlement;
  const expiresAt = transition.expiresAt ?? new Date(now.getTime() + keptMs);
  const writes: AnyBulkWriteOperation<StoredLog>[] = [];
  if (hasLogs(task)) writes.push({ updateMany: { filter: { taskId: task._id }, update: { $set: { expiresAt } } } });
  if (log && attempt) {
    const { startedAt } = attempt;
    const lines = log.lines.map(line => ({ ...line, at: new Date(line.at) }));
    const document = { taskId: task._id, startedAt, attempt: task.attempt + 1, lines, dropped: log.dropped, expiresAt };
    writes.push({ insertOne: { document } });
  }
  return writes;
}
