/** `open`: tasks may still be added. `sealed`: only its own members may add some. `ended`: all members have. */
export const batchStates = ['open', 'sealed', 'ended'] as const;
export type BatchState = (typeof batchStates)[number];

/** Tasks that belong together, as they are shown: counts that are kept while its members end. */
export interface Batch {
  _id: string;
  name: string;
  state: BatchState;
  createdAt: Date;
  /** The task whose handler made it: it is sealed when that has ended. */
  createdBy?: string;
  /** How many members have been added. */
  added: number;
  /** How many of them are done, have failed (or were rejected), were cancelled. Exact once it has ended. */
  done: number;
  failed: number;
  cancelled: number;
  cancelRequested?: boolean;
  endedAt?: Date;
  expiresAt?: Date;
}

/** The same with what keeps it from ending while members are being added. */
export interface BatchRecord extends Batch {
  /** How many calls add members now. */
  adding: number;
  /** When those that add now must have ended, or died. */
  addingUntil: Date;
  /** While a process that is no task makes it: when that must have gone on, or died. */
  makingUntil?: Date;
}

/** The ids of the tasks that come after a batch: fixed, so that they are there once. */
export const thenOf = (batchId: string): string => `${batchId}:then`;
export const onFailureOf = (batchId: string): string => `${batchId}:onFailure`;

/**
 * Gives members without an `_id` one by their number, so that whoever makes the same batch again adds none twice.
 *
 * @param from the number of the first.
 */
export function numberMembers<T extends { _id?: unknown }>(batchId: string, tasks: readonly T[], from: number): T[] {
  return tasks.map((task, index) =>
    task?._id === undefined ? { ...task, _id: `${batchId}:${from + index}`, once: true } : task,
  );
}
