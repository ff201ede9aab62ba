import { timeOf } from '../../catalog';
import type { Task } from './task';

/**
 * What the first signatures covered. Tasks that were signed so may still be in the queue; nothing is signed so any more.
 * An object `{ $date: 5 }` and a date have the same text here: the payload of such a task is checked once more.
 */
export function firstSignedText({
  _id,
  taskType,
  data,
  createdAt,
}: Pick<Task, '_id' | 'taskType' | 'data' | 'createdAt'>): string {
  return firstCanonical([_id, taskType, createdAt.getTime(), data]);
}

function firstCanonical(value: unknown): string {
  if (!Number.isNaN(timeOf(value))) return `{"$date":${timeOf(value)}}`;
  if (Array.isArray(value)) return `[${value.map(firstCanonical).join()}]`;
  if (typeof value === 'number' && !Number.isFinite(value)) return `{"$number":"${value}"}`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, part]) => `${JSON.stringify(key)}:${firstCanonical(part)}`).join()}}`;
}
