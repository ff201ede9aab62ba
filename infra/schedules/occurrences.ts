import type { StoredSchedule } from './stored-schedule';

/** When a schedule happens, all in epoch milliseconds. The timetables of packages/synced-cron are such. */
export interface Timetable {
  /** The first occurrence strictly after an instant; undefined when there is none. */
  next(after: number): number | undefined;
  /** The newest occurrences in `from < instant <= to`, in order, at most `limit`. */
  newest(from: number, to: number, limit: number): number[];
}

/** The plan for a due schedule. */
export interface DueRuns {
  /** The runs to add now, oldest first. */
  runs: Date[];
  /** Whether some are so late that they count as missed, even if they are made up for. */
  missed: boolean;
  /** The next run after these. */
  next?: Date;
}

/** A run that is later than this counts as missed: a restart or an election takes less. */
const missedAfterMs = 60_000;

/** How many late runs are added at most, the newest ones. */
const mostAtOnce = 100;

/**
 * Which runs of a schedule are due, and which missed ones still happen. Pure.
 *
 * @param now by the database's clock.
 */
export function dueRuns(schedule: StoredSchedule, timetable: Timetable, now: Date): DueRuns {
  const { intendedAt, until, claim } = schedule;
  const first = Number(intendedAt);
  // A run that is due by the schedule comes later by the jitter.
  const reached = now.getTime() - jitterOf(schedule);
  const last = Math.min(reached, until?.getTime() ?? reached);
  const missed = Math.min(reached - missedAfterMs, last + 1);
  const punctual = timetable.newest(Math.max(first, missed) - 1, last, mostAtOnce);
  const most = mostMissed(schedule, punctual.length);
  const late = most > 0 ? timetable.newest(first - 1, missed - 1, most) : [];
  // A role died while adding it: it was not missed, however long ago that was.
  const begun = claim !== undefined && first < missed && !late.includes(first) ? [first] : [];
  return {
    runs: [...begun, ...late, ...punctual].map(at => new Date(at)),
    missed: first < missed && begun.length === 0,
    ...present(nextRun(timetable, Math.max(reached, first - 1), until)),
  };
}

/** If the newest is not late itself, it replaces the ones before. */
function mostMissed({ missedRuns }: StoredSchedule, punctual: number): number {
  if (missedRuns === 'all') return mostAtOnce - punctual;
  return missedRuns === 'once' && punctual === 0 ? 1 : 0;
}

/** The first run after an instant; undefined if there is none. */
export function nextRun(timetable: Timetable, after: number, until: Date | undefined): Date | undefined {
  const next = timetable.next(after);
  return next === undefined || (until && next > until.getTime()) ? undefined : new Date(next);
}

/** The delay of a schedule, so that those of one time don't run at once: always the same for one name. */
export function jitterOf({ _id, jitter }: Pick<StoredSchedule, '_id' | 'jitter'>): number {
  return jitter > 0 ? Math.floor(share(_id) * (jitter + 1)) : 0;
}

/** Occurs every so many milliseconds from a beginning, whatever the wall clock shows. */
export function everySo(periodMs: number, beginning: Date): Timetable {
  const zero = beginning.getTime();
  const next = (after: number) => zero + Math.max(1, Math.floor((after - zero) / periodMs) + 1) * periodMs;
  return {
    next,
    newest(from, to, limit) {
      const newest = zero + Math.floor((to - zero) / periodMs) * periodMs;
      const oldest = Math.max(next(from), newest - (limit - 1) * periodMs);
      const count = Math.max(0, Math.floor((newest - oldest) / periodMs) + 1);
      return Array.from({ length: count }, (_, nth) => oldest + nth * periodMs);
    },
  };
}

/** A share from 0 up to 1 by FNV-1a and a mix, so that names which differ by a digit lie far apart. */
function share(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

function present(next: Date | undefined): { next?: Date } {
  return next ? { next } : {};
}
