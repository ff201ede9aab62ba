import type { Entry } from '../entry';
import type { Store } from '../store/store';
import type { Timetable } from '../time/timetable';
import { mostMissed } from './scheduler';

/**
 * The runs that an entry has missed while no process was there, oldest first, as many as it makes up for. An entry
 * that neither the history nor a mark knows is new, and has missed nothing.
 *
 * @param before the instant at which the entry was armed
 */
export async function missedRuns(entry: Entry, timetable: Timetable, store: Store, before: number): Promise<number[]> {
  await store.ready();
  const [mark, newest] = await Promise.all([store.marks.of(entry.name), store.history.newest(entry.name)]);
  const since = Math.max(mark?.getTime() ?? 0, newest?.intendedAt.getTime() ?? 0);
  if (since > 0) return timetable.newest(since, before - 1, mostMissed(entry));
  await store.marks.move(entry.name, new Date(before));
  return [];
}
