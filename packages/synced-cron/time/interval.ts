import type { WallSchedule } from './wall';
import type { Transition, Zone } from './zone';

/**
 * The next instant of an interval. Between two clock changes it follows the wall clock (":00, :10, :20 …"). Across one
 * it goes by elapsed time, so that no pause is longer than the interval: an hour that comes twice has its occurrences
 * twice, and a missing hour drops no occurrence.
 */
export function nextOfInterval(
  schedule: WallSchedule,
  zone: Zone,
  after: number,
  periodMs: number,
): number | undefined {
  const next = followClocks(schedule, zone, after);
  const seams = zone
    .transitions(after - periodMs, next ?? after + periodMs)
    .map(transition => seam(schedule, transition, periodMs))
    .filter(instant => instant !== undefined && instant > after);
  const candidates = [next, ...seams].filter(instant => instant !== undefined);
  return candidates.length > 0 ? Math.min(...candidates) : undefined;
}

/** The next occurrence by the offset that holds at each instant. */
function followClocks(schedule: WallSchedule, zone: Zone, after: number): number | undefined {
  let from = after;
  for (;;) {
    const offset = zone.offsetAt(from);
    const wall = schedule.nextAfter(from + offset);
    // If this offset has no more occurrences, another one has none within an hour or so.
    if (wall === undefined) return undefined;
    const instant = wall - offset;
    const transition = zone.transitions(from, instant)[0];
    if (!transition) return instant;
    const atOnce = transition.at + transition.after;
    if (schedule.nextAfter(atOnce - 1) === atOnce) return transition.at;
    from = transition.at;
  }
}

/**
 * The one occurrence that keeps the pause across a clock change from exceeding the interval: at the time by the old
 * offset, if the new one has none by then. It needs an earlier occurrence within one interval, so that "every 10
 * minutes on Mondays" gets none on a Sunday.
 */
function seam(schedule: WallSchedule, { at, before, after }: Transition, periodMs: number): number | undefined {
  const byOld = instantIn(schedule, at - 1, before);
  const byNew = instantIn(schedule, at - 1, after);
  if (byOld === undefined || (byNew !== undefined && byNew <= byOld)) return undefined;
  const forerunner = instantIn(schedule, byOld - periodMs - 1, before);
  return forerunner !== undefined && forerunner < at ? byOld : undefined;
}

function instantIn(schedule: WallSchedule, after: number, offset: number): number | undefined {
  const wall = schedule.nextAfter(after + offset);
  return wall === undefined ? undefined : wall - offset;
}
