import { defaultMissedRunsLimit, type Entry, isShared } from '../entry';
import type { Store } from '../store/store';
import type { Timetable } from '../time/timetable';

/**
 * The runs that an entry has missed while no process was there, oldest first, as many as it makes up for. An entry
 * without a mark and without a history is new, and has missed nothing.
 *
 * @param before from this instant on no run is missed: the scheduler has it
 */
export async function missedRuns(entry: Entry, timetable: Timetable, store: Store, before: number): Promise<number[]> {
  await store.ready();
  // The mark comes first: the history may have runs that are newer than ones still to make up for. Of the history only
  // earlier runs count: a run that falls due right now says nothing about older ones.
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
