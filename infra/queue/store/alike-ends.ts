import { attemptsKept, type Task } from '../model/task';
import type { Settlement } from './task-store';
import { fieldsOf, fieldsToUnset, unsetOf } from './transition';

/** Ends of a batch within this time are written with one moment, the last of theirs. */
const momentMs = 100;

/** Fewer are not worth a write of their own: its round trip costs more than what the plain update saves. */
const fewest = 50;

export interface SplitEnds {
  /** Each of these needs one plain update. */
  alike: Settlement[][];
  /** Each of these has values of its own. */
  others: Settlement[];
}

/**
 * Finds the ends that differ in nothing but the moment: no result to keep, or the same short one, and durations of which
 * none is twice as long as another. A plain update of them costs MongoDB two thirds of one in which each task looks for
 * its own values.
 */
export function splitEnds(settlements: readonly Settlement[]): SplitEnds {
  const others: Settlement[] = [];
  const groups = new Map<string, Settlement[]>();
  for (const settlement of settlements) {
    const likeness = likenessOf(settlement);
    const group = groups.get(likeness ?? '');
    if (likeness === undefined) others.push(settlement);
    else if (group) group.push(settlement);
    else groups.set(likeness, [settlement]);
  }
  const isWorthIt = (group: Settlement[]) => group.length >= Math.min(fewest, settlements.length);
  const alike = [...groups.values()];
  return { alike: alike.filter(isWorthIt), others: [...others, ...alike.filter(one => !isWorthIt(one)).flat()] };
}

/** The update that writes them all. They are alike, so the values of the one that finished last are everybody's. */
export function plainUpdate(alike: readonly Settlement[]) {
  const { transition, attempt } = alike.reduce((last, one) => (finishOf(one) > finishOf(last) ? one : last));
  return {
    $set: fieldsOf(transition) as Partial<Task>,
    $unset: unsetOf(fieldsToUnset(transition.state)),
    $push: { attempts: { $each: attempt ? [attempt] : [], $slice: -attemptsKept } },
  };
}

function finishOf({ transition }: Settlement): number {
  return transition.finishedAt?.getTime() ?? 0;
}

/**
 * Two ends with the same likeness differ in the moment only; whatever else an end may say is part of it. Undefined: this
 * one is like no other.
 */
function likenessOf({ transition, attempt, log, newToken }: Settlement): string | undefined {
  // A log is found by the moment at which its attempt began.
  if (log) return undefined;
  const { finishedAt, expiresAt, result, ...end } = transition;
  if (end.state !== 'done' || end.dueDate || newToken || !finishedAt || !attempt || !isShort(result)) return undefined;
  const { startedAt, finishedAt: recordedAt, ...record } = attempt;
  const from = finishedAt.getTime();
  const times = [expiresAt, recordedAt].map(date => date && date.getTime() - from);
  const duration = Math.floor(Math.log2(Math.max(1, from - startedAt.getTime())));
  const value = `${typeof result} ${result}`;
  return JSON.stringify([Math.floor(from / momentMs), duration, times, end, record, value]);
}

function isShort(result: unknown): boolean {
  return typeof result === 'string' ? result.length < 100 : result === null || typeof result !== 'object';
}
