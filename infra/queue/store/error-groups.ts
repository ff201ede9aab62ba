import type { Collection, Db, Document } from 'mongodb';
import type { Emit } from '../../monitor/events';
import type { Task, TaskError } from '../model/task';

export const errorCollectionName = 'taskErrors';

/**
 * The life of a group: `open` from its first occurrence on, `resolved` by a person, `cameBack` by an occurrence in a
 * commit that is supposed to be free of it, `muted` by a person: it is counted on, and nobody is told.
 */
export const errorStates = ['open', 'cameBack', 'resolved', 'muted'] as const;
export type ErrorState = (typeof errorStates)[number];

/** All occurrences of one error: its fingerprint is its id. */
export interface ErrorGroup {
  _id: string;
  state: ErrorState;
  taskType: string;
  name: string;
  /** Of the newest occurrence. */
  message: string;
  stack?: string;
  taskId: string;
  count: number;
  firstAt: Date;
  lastAt: Date;
  /** The last commits in which it was seen, 20 at most, the last seen one behind. */
  commits: { commit: string; count: number; firstAt: Date; lastAt: Date }[];
  /** How often it came in the last 24 hours that had any, and in the last 30 days that had any, in UTC. */
  hours: { at: Date; count: number }[];
  days: { at: Date; count: number }[];
  /** When a person has last changed its state, and who. */
  changedAt?: Date;
  changedBy?: string;
  /** The commit that is free of it, where that was known: otherwise it is whatever is deployed next. */
  resolvedIn?: string;
  /** The commits in which it was seen before it was resolved: processes of these may still run, and prove nothing. */
  seenBefore?: string[];
  cameBackAt?: Date;
  cameBackIn?: string;
}

interface Occurrences {
  task: Task;
  error: TaskError;
  count: number;
}

const keptSeconds = 90 * 24 * 60 * 60;
const hour = 3_600_000;
const kept = { commits: 20, hours: 24, days: 30 };

/** Groups errors by fingerprint, and tells the developer at the first, tenth, hundredth … occurrence of one. */
export class ErrorGroups {
  private readonly collection: Collection<ErrorGroup>;

  /** @param commit what this process was built from. */
  constructor(
    db: Db,
    private readonly emit: Emit,
    private readonly commit: string,
  ) {
    this.collection = db.collection(errorCollectionName);
  }

  async ensureIndexes(): Promise<void> {
    await this.collection.createIndexes([
      { name: 'newest', key: { state: 1, lastAt: -1, _id: -1 } },
      { name: 'newestOfType', key: { taskType: 1, state: 1, lastAt: -1, _id: -1 } },
      { name: 'retention', key: { lastAt: 1 }, expireAfterSeconds: keptSeconds },
    ]);
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

  private async add(_id: string, occurrences: Occurrences, now: Date): Promise<void> {
    const update = [{ $set: occurred(occurrences, this.commit, now) }];
    const group = await this.collection.findOneAndUpdate({ _id }, update, { upsert: true, returnDocument: 'after' });
    if (group && group.state !== 'muted') this.tell(group, occurrences, now);
  }

  private tell(group: ErrorGroup, { task, error, count }: Occurrences, now: Date): void {
    const { _id: fingerprint, count: total, cameBackAt, resolvedIn } = group;
    const about = { fingerprint, taskType: task.taskType, name: error.name, message: error.message, count: total };
    const mark = milestoneBetween(total - count, total);
    if (mark) this.emit('task.errorGroup', { ...about, mark });
    if (group.state === 'cameBack' && Number(cameBackAt) === Number(now))
      this.emit('task.errorCameBack', { ...about, commit: this.commit, ...(resolvedIn && { resolvedIn }) });
  }
}

/** The fields of a group after some more occurrences, in MongoDB's words: roles add to the same group at once. */
function occurred({ task, error, count }: Occurrences, commit: string, now: Date): Document {
  const { name, message, stack } = error;
  const newest = { taskType: task.taskType, name, message, taskId: task._id, ...(stack && { stack }) };
  const isBack = {
    $and: [{ $eq: ['$state', 'resolved'] }, { $not: [{ $in: [literal(commit), { $ifNull: ['$seenBefore', []] }] }] }],
  };
  const whereBack = (field: string, value: unknown) => ({
    $cond: [isBack, value, { $ifNull: [`$${field}`, '$$REMOVE'] }],
  });
  const step = (ms: number) => new Date(Math.floor(now.getTime() / ms) * ms);
  return {
    ...Object.fromEntries(Object.entries(newest).map(([field, value]) => [field, literal(value)])),
    lastAt: { $max: ['$lastAt', now] },
    firstAt: { $ifNull: ['$firstAt', now] },
    count: { $add: [{ $ifNull: ['$count', 0] }, count] },
    state: { $cond: [isBack, 'cameBack', { $ifNull: ['$state', 'open'] }] },
    cameBackAt: whereBack('cameBackAt', now),
    cameBackIn: whereBack('cameBackIn', literal(commit)),
    commits: increased('commits', 'commit', literal(commit), count, { firstAt: now, lastAt: now }),
    hours: increased('hours', 'at', step(hour), count),
    days: increased('days', 'at', step(24 * hour), count),
  };
}

/** A list of counts with more in one of its entries, which is its last then. The others keep their order. */
function increased(
  field: keyof typeof kept,
  key: string,
  value: unknown,
  count: number,
  more: Document = {},
): Document {
  const list = { $ifNull: [`$${field}`, []] };
  const isIt = { $eq: [`$$this.${key}`, value] };
  const entry = {
    $mergeObjects: [
      { [key]: value, count: 0, ...more },
      '$$old',
      { count: { $add: [{ $ifNull: ['$$old.count', 0] }, count] }, ...(more.lastAt && { lastAt: more.lastAt }) },
    ],
  };
  const others = { $filter: { input: list, cond: { $not: [isIt] } } };
  const old = { $first: { $filter: { input: list, cond: isIt } } };
  return { $slice: [{ $concatArrays: [others, [{ $let: { vars: { old }, in: entry } }]] }, -kept[field]] };
}

/** A text may begin with a dollar sign. */
const literal = (value: unknown) => ({ $literal: value });

/** The greatest of 1, 10, 100 … that was reached after `before` and up to `after`, if any. */
export function milestoneBetween(before: number, after: number): number | undefined {
  let reached: number | undefined;
  for (let mark = 1; mark <= after; mark *= 10) if (mark > before) reached = mark;
  return reached;
}
