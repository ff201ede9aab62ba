import { defaultMissedRunsLimit, type Entry, isShared } from '../entry';
import type { Store } from '../store/store';
import type { Timetable } from '../time/timetable';

/**
 * The runs that an entry has missed while no process was there, oldest first, as many as it makes up for. An entry
 * that neither a mark nor the history knows is new, and has missed nothing.
 *
 * @param before what is due from this instant on is not missed: the scheduler has it
 */
export async function missedRuns(entry: Entry, timetable: Timetable, store: Store, before: number): Promise<number[]> {
  await store.ready();
  // The mark first: runs may be in the history before older ones have been made up for.
  // And of the history what was due earlier: a run that falls due while we look says nothing about older ones.
  const instant = new Date(before);
  const since =
    (await store.marks.of(entry.name)) ?? (await store.history.newestBefore(entry.name, instant))?.intendedAt;
  if (since) return timetable.newest(since.getTime(), before - 1, mostMissed(entry));
  await store.marks.move(entry.name, instant);
  return [];
}

/** Whether an entry makes up for runs that it missed. */
export function catchesUp(entry: Entry): boolean {
  return mostMissed(entry) > 0;
}

/** How many missed runs an entry makes up for. */
export function mostMissed(entry: Entry): number {
  const { missedRuns = 'skip', missedRunsLimit = defaultMissedRunsLimit } = entry;
  if (!isShared(entry) || missedRuns === 'skip') return 0;
  return missedRuns === 'once' ? 1 : missedRunsLimit;
}
