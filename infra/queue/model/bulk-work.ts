import type { Filter } from 'mongodb';
import { finishedStates, liveStates, type Task } from './task';

/** What is done to all tasks that match: what TaskQueue does to one of them by the same name. */
export const bulkKinds = ['retry', 'replay', 'cancel', 'remove'] as const;
export type BulkKind = (typeof bulkKinds)[number];

/** `running`: a jobs role is at it, or will be. `done`: to the end. `stopped`: by `stopBulkWork`. `failed`: see `error`. */
export type BulkState = 'running' | 'done' | 'stopped' | 'failed';

/** Work on all tasks that match a selector, as it is shown: a jobs role carries it out, page by page. */
export interface BulkWork {
  _id: string;
  kind: BulkKind;
  /** As extended JSON. */
  selector: string;
  state: BulkState;
  startedAt: Date;
  /** How many tasks matched when the first page was begun; not there before. */
  of?: number;
  /** How many of them have been dealt with. */
  done: number;
  /** How many could not be: another task has their `uniqueKey`, or they are not what the app has signed. */
  skipped: number;
  /** Why, of the first ten. */
  problems: string[];
  stopRequested?: boolean;
  endedAt?: Date;
  error?: string;
  expiresAt?: Date;
}

/** The same with what a role needs to carry it out, and to go on where another one has died. */
export interface BulkRecord extends BulkWork {
  signature?: string;
  /** Of the role that is at it. */
  token?: string;
  leaseUntil: Date;
  /** The last `_id` of the pages that have been dealt with. */
  after?: string;
  /** The ids of the page that is being dealt with: who goes on with it counts each of them once. */
  page?: string[];
}

/** How many tasks a page has. */
export const pageSize = 500;
export const problemsKept = 10;

/**
 * Which of the matching tasks a kind of work is about. Only those that were so when it started: what it brings about (a
 * replay that ends, a retry that fails again) is not met again.
 */
export function scopeOf(kind: BulkKind, startedAt: Date): Filter<Task> {
  const before = { $lte: startedAt };
  switch (kind) {
    case 'retry':
      return { state: { $in: finishedStates.filter(state => state !== 'done') }, finishedAt: before };
    case 'replay':
      return { state: { $in: finishedStates.filter(state => state !== 'rejected') }, finishedAt: before };
    case 'cancel':
      return { state: { $in: [...liveStates] }, cancelRequested: { $ne: true }, createdAt: before };
    case 'remove':
      return { state: { $ne: 'running' }, createdAt: before };
  }
}
