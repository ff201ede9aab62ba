import type { Collection, Db } from 'mongodb';
import type { RateLimit } from '../../catalog';
import { newToken } from '../model/ids';
import { controlCollectionName } from './control';

/** Starts of one type, as far as they count toward its rate. */
interface RateLog {
  _id: string;
  /** Starts that were granted, and of which nobody has said yet that they have begun. */
  pending?: { grant: string; count: number; until: Date }[];
  /** Starts that have begun, together where they began close to each other. They count until `until`. */
  begun?: { since: Date; count: number; until: Date }[];
  granted: number;
  now: Date;
}

/** How many starts were granted, and when there may be more. */
export interface Grant {
  id: string;
  granted: number;
  next: Date;
}

/** A start that was granted by a role that died counts no longer than this, or than the span of the rate. */
const pendingMs = 60_000;
/** How soon to look again where all that is in the way has not begun yet. */
const lookAgainMs = 50;
/** Starts within this share of the span are remembered together, as long as the last of them: on the strict side. */
const slicesPerSpan = 20;

const total = (list: string) => ({ $sum: `$${list}.count` });
const stillCounts = (list: string) => ({
  $filter: { input: { $ifNull: [`$${list}`, []] }, cond: { $gt: ['$$this.until', '$$NOW'] } },
});

/**
 * Rates over all roles, by the database's clock: a log of starts for each type.
 *
 * In no span of `per` ms begin more than `max`, however long it takes from the grant to the start: a start counts from
 * when it is granted, and for a whole span from when it has begun.
 */
export class RateLimits {
  private readonly logs: Collection<RateLog>;

  constructor(db: Db) {
    this.logs = db.collection(controlCollectionName);
  }

  /** Asks for `wanted` starts; gets as many as there are. Atomic between roles. */
  async reserve(name: string, wanted: number, { max, per }: RateLimit): Promise<Grant> {
    const id = newToken();
    const left = { $subtract: [max, { $add: [total('pending'), total('begun')] }] };
    const entry = { grant: id, count: '$granted', until: { $add: ['$$NOW', Math.max(pendingMs, per)] } };
    const log = await this.logs.findOneAndUpdate(
      { _id: idOf(name) },
      [
        { $set: { now: '$$NOW', pending: stillCounts('pending'), begun: stillCounts('begun') } },
        { $set: { granted: { $max: [0, { $min: [wanted, left] }] } } },
        { $set: { pending: { $cond: ['$granted', { $concatArrays: ['$pending', [entry]] }, '$pending'] } } },
      ],
      { upsert: true, returnDocument: 'after' },
    );
    if (!log) throw new Error(`no log of the rate of ${name}, although it was to be made`);
    return { id, granted: log.granted, next: log.begun?.[0]?.until ?? new Date(log.now.getTime() + lookAgainMs) };
  }

  /** Until when no start is left, as far as anybody can tell now; undefined where one is. */
  async usedUpUntil(name: string, { max }: RateLimit, now: Date): Promise<Date | undefined> {
    const { pending = [], begun = [] } = (await this.logs.findOne({ _id: idOf(name) })) ?? {};
    const counting = [...begun, ...pending].filter(({ until }) => until > now);
    const used = counting.reduce((sum, { count }) => sum + count, 0);
    return used < max ? undefined : new Date(Math.min(...counting.map(({ until }) => until.getTime())));
  }

  /** Some of what was granted has begun by now. */
  async begun(name: string, grant: string, count: number, { per }: RateLimit): Promise<void> {
    const until = { $add: ['$$NOW', per] };
    const last = { $last: '$begun' };
    const isRecent = { $gt: ['$$last.since', { $subtract: ['$$NOW', Math.floor(per / slicesPerSpan)] }] };
    const rest = { $slice: ['$begun', { $subtract: [{ $size: '$begun' }, 1] }] };
    const longer = { since: '$$last.since', count: { $add: ['$$last.count', count] }, until };
    // Of an array of one, "all but the last" is none: $slice knows no 0.
    const allButLast = { $cond: [{ $gt: [{ $size: '$begun' }, 1] }, rest, []] };
    const added = {
      $cond: [
        isRecent,
        { $concatArrays: [allButLast, [longer]] },
        { $concatArrays: ['$begun', [{ since: '$$NOW', count, until }]] },
      ],
    };
    await this.logs.updateOne({ _id: idOf(name) }, [
      { $set: { begun: { $ifNull: ['$begun', []] }, pending: withoutSome(grant, count) } },
      { $set: { begun: { $let: { vars: { last }, in: added } } } },
    ]);
  }

  /** Some of what was granted will not begin. */
  async release(name: string, grant: string, count: number): Promise<void> {
    if (count > 0) await this.logs.updateOne({ _id: idOf(name) }, [{ $set: { pending: withoutSome(grant, count) } }]);
  }
}

const idOf = (name: string) => `rate:${name}`;

function withoutSome(grant: string, count: number) {
  const isIt = { $eq: ['$$this.grant', grant] };
  const less = { $mergeObjects: ['$$this', { count: { $subtract: ['$$this.count', count] } }] };
  const lessened = { $map: { input: { $ifNull: ['$pending', []] }, in: { $cond: [isIt, less, '$$this'] } } };
  return { $filter: { input: lessened, cond: { $gt: ['$$this.count', 0] } } };
}
