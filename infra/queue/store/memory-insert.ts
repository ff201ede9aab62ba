import { isLive, type Task } from '../model/task';
import type { MemoryTable } from './memory-table';
import type { Inserted, Insertion } from './task-store';

/** Adds a task, or says what is in its way. */
export function insertTask(table: MemoryTable, { task, once }: Insertion): Inserted {
  const { _id, uniqueKey, recurringKey } = task;
  const there = table.get(_id);
  if (there && once) return { kind: 'there', id: _id };
  if (there && isLive(there)) return { kind: 'duplicate', id: _id, field: '_id', value: _id };
  const existingId = holderOfUniqueKey(table, task);
  if (existingId) return { kind: 'duplicate', id: _id, field: 'uniqueKey', value: String(uniqueKey), existingId };
  const [next] = recurringKey === undefined ? [] : table.search(one => one.recurringKey === recurringKey);
  if (next) return { kind: 'merged', id: next._id };
  table.put(structuredClone(task));
  return { kind: 'added', id: _id };
}

/** Another task that has not finished and has this one's unique key. */
export function holderOfUniqueKey(table: MemoryTable, { _id, uniqueKey }: Task): string | undefined {
  if (uniqueKey === undefined) return undefined;
  return table.search(one => one._id !== _id && one.uniqueKey === uniqueKey && isLive(one))[0]?._id;
}
