import type { Document } from 'mongodb';
import type { RateWindow } from '../../catalog';

/** How many starts of a rate are wanted. */
export interface Wanted {
  /** A task type, a key of one (`type/key`), or `@name` of a named rate. */
  name: string;
  window: RateWindow;
  count: number;
}

/** Some of what one grant has given. */
export interface Granted extends Wanted {
  id: string;
}

/** A start that was granted by a role that died counts no longer than this, or than the span of the rate. */
const pendingMs = 60_000;
/** Starts within this share of the span are remembered together, as long as the last of them: on the strict side. */
const slicesPerSpan = 20;
/** Who waits in a line asks again within this time, or is gone. */
const lineMs = 10_000;

// What changes the log of a rate (RateLimits) in MongoDB's words: each is one atomic update.

/** What somebody else has written in the place of a list counts for nothing, and keeps no type from its claims. */
const listOf = (name: string) => ({ $cond: [{ $isArray: `$${name}` }, `$${name}`, []] });
const total = (list: string) => ({ $sum: `$${list}.count` });
const stillCounts = (list: string) => ({
  $filter: { input: listOf(list), cond: { $gt: ['$$this.until', '$$NOW'] } },
});
const inMs = (ms: number) => ({ $add: ['$$NOW', ms] });
const pendingSpan = ({ per }: RateWindow) => Math.max(pendingMs, per);

/** No sooner than the last of what it holds counts no longer. */
const expiry = (window: RateWindow) => ({ expiresAt: inMs(2 * pendingSpan(window)) });
const fresh = ({ per }: RateWindow) => ({
  per,
  now: '$$NOW',
  pending: stillCounts('pending'),
  begun: stillCounts('begun'),
});
const left = ({ max }: RateWindow) => ({ $subtract: [max, { $add: [total('pending'), total('begun')] }] });

function pendingWith(id: string, granted: object, window: RateWindow, owner?: string) {
  const entry = { grant: id, count: '$$granted', until: inMs(pendingSpan(window)), ...(owner && { owner }) };
  const added = { $cond: [{ $gt: ['$$granted', 0] }, { $concatArrays: ['$pending', [entry]] }, '$pending'] };
  return { $let: { vars: { granted }, in: added } };
}

/** In what order and how much one asks for. `granted` is what `pending` holds of the grant `id` then. */
export function reservation(id: string, { window, count }: Wanted, owner?: string): Document[] {
  const granted = { $min: [count, left(window)] };
  return [
    { $set: { ...fresh(window), ...expiry(window) } },
    { $set: { pending: pendingWith(id, granted, window, owner) } },
  ];
}

export function reservationInLine(id: string, { window, count, least }: Wanted & { least: number }): Document[] {
  const line = stillCounts('line');
  const known = { $in: [id, '$line.grant'] };
  const place = [{ grant: id, until: inMs(lineMs) }];
  const lined = { $cond: [known, renewed('line', id, lineMs), { $concatArrays: ['$line', place] }] };
  const isFirst = { $eq: [{ $first: '$line.grant' }, id] };
  const granted = {
    $cond: [{ $and: [isFirst, { $gte: [left(window), least] }] }, { $min: [count, left(window)] }, 0],
  };
  const isGranted = { $in: [id, '$pending.grant'] };
  return [
    { $set: { ...fresh(window), line, ...expiry(window) } },
    { $set: { line: lined } },
    { $set: { pending: pendingWith(id, granted, window) } },
    { $set: { line: { $cond: [isGranted, without('line', id), '$line'] } } },
  ];
}

export function beginning({ id, count, window }: Granted): Document[] {
  const until = inMs(window.per);
  const last = { $last: '$begun' };
  const isRecent = { $gt: ['$$last.since', { $subtract: ['$$NOW', Math.floor(window.per / slicesPerSpan)] }] };
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
  return [
    { $set: { begun: listOf('begun'), pending: withoutSome(id, count), ...expiry(window) } },
    { $set: { begun: { $let: { vars: { last }, in: added } } } },
  ];
}

const isIt = (id: string) => ({ $eq: ['$$this.grant', id] });

function without(list: string, id: string) {
  return { $filter: { input: listOf(list), cond: { $ne: ['$$this.grant', id] } } };
}

function renewed(list: string, id: string, ms: number) {
  const longer = { $mergeObjects: ['$$this', { until: inMs(ms) }] };
  return { $map: { input: listOf(list), in: { $cond: [isIt(id), longer, '$$this'] } } };
}

export function renewal({ id, window }: Granted): Document[] {
  return [{ $set: { pending: renewed('pending', id, pendingSpan(window)), ...expiry(window) } }];
}

/** What these owners had still to begin has begun by now, or never will. */
export function afterDeathOf(owners: readonly string[]): Document[] {
  const isTheirs = { $in: ['$$this.owner', [...owners]] };
  const pending = listOf('pending');
  const theirs = { $filter: { input: pending, cond: isTheirs } };
  const begun = { since: '$$NOW', count: { $sum: '$theirs.count' }, until: { $add: ['$$NOW', '$per'] } };
  return [
    { $set: { theirs, pending: { $filter: { input: pending, cond: { $not: [isTheirs] } } } } },
    { $set: { begun: { $concatArrays: [listOf('begun'), [begun]] } } },
    { $unset: 'theirs' },
  ];
}

export function afterLess({ id, count }: Granted): Document[] {
  return [{ $set: { pending: withoutSome(id, count), line: without('line', id) } }];
}

function withoutSome(id: string, count: number) {
  const less = { $mergeObjects: ['$$this', { count: { $subtract: ['$$this.count', count] } }] };
  const lessened = { $map: { input: listOf('pending'), in: { $cond: [isIt(id), less, '$$this'] } } };
  return { $filter: { input: lessened, cond: { $gt: ['$$this.count', 0] } } };
}
