import { timeOf } from '../../catalog';
import { show } from '../../errors/plain-error';
import { attemptsKept, type Task } from './task';

type Check = (value: unknown) => boolean;

const isText: Check = value => typeof value === 'string' && value !== '';
const isMoment: Check = value => !Number.isNaN(timeOf(value));
const isCount: Check = value => Number.isSafeInteger(value) && (value as number) >= 0;
const isFlag: Check = value => typeof value === 'boolean';
const optional =
  (check: Check): Check =>
  value =>
    value === undefined || check(value);

/** A boundary that others write over: what the machinery relies on, whatever state a task is in. */
const checks: [keyof Task, Check][] = [
  ['_id', isText],
  ['taskType', isText],
  ['priority', Number.isInteger],
  ['basePriority', Number.isInteger],
  ['place', value => [-2, -1, 0, 1].includes(value as number)],
  ['createdAt', isMoment],
  ['dueDate', isMoment],
  ['deadline', optional(isMoment)],
  ['uniqueKey', optional(isText)],
  ['unique', optional(isHeldKey)],
  ['origin', optional(isText)],
  ['after', optional(isListOfTexts)],
  ['batch', optional(isText)],
  ['afterBatch', optional(isText)],
  ['limitKey', optional(isText)],
  ['slot', optional(isText)],
  ['rateKey', optional(isText)],
  ['attempt', isCount],
  ['onFailed', optional(isText)],
  ['failureTold', optional(isFlag)],
  ['tags', optional(isListOfTexts)],
  ['traceparent', optional(isText)],
  ['snoozes', optional(isCount)],
  ['attempts', value => Array.isArray(value) && value.length <= attemptsKept],
  ['sender', isSender],
  ['catalogVersion', value => isCount(value) && value !== 0],
  ['owner', optional(isText)],
  ['token', optional(isText)],
  ['claimedAt', optional(isMoment)],
  ['cancelRequested', optional(isFlag)],
];

/**
 * Parses a document as it comes out of the database, where others may have written it or changed it.
 *
 * @returns what makes it no task; undefined where it is one, as far as the machinery relies on it.
 */
export function findTaskProblem(task: Task): string | undefined {
  for (const [field, isRight] of checks)
    if (!isRight(task[field])) return `${field}: ${show(task[field])} is not what a task has there`;
  return undefined;
}

/** Of a document that is no task, what can be counted and logged. */
export function readableParts(task: Task): Task {
  const { taskType, attempt, attempts } = task;
  return {
    ...task,
    taskType: isText(taskType) ? taskType : 'unknown',
    attempt: isCount(attempt) ? attempt : 0,
    attempts: Array.isArray(attempts) ? attempts : [],
  };
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}

function isHeldKey(value: unknown): boolean {
  const { key, until, latest } = Object(value) as { key?: unknown; until?: unknown; latest?: unknown };
  return isText(key) && optional(isMoment)(until) && optional(isMoment)(latest);
}

function isSender(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { appId, version, rootUrl } = value as Partial<Task['sender']>;
  return [appId, version, rootUrl].every(part => typeof part === 'string');
}
