import type { WallSchedule } from './wall';
import type { Transition, Zone } from './zone';

/**
 * The next instant of an interval. Between two settings of the clocks it follows the wall clock (":00, :10, :20 …");
 * across one it goes on by elapsed time, so that no pause is longer than the interval: an hour that comes twice has its
 * occurrences twice, and an hour that is left out leaves nothing out.
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

/** The next occurrence on the clocks as they are set at each instant. */
function followClocks(schedule: WallSchedule, zone: Zone, after: number): number | undefined {
  let from = after;
  for (;;) {
    const offset = zone.offsetAt(from);
    const wall = schedule.nextAfter(from + offset);
    // Nothing more by these clocks: nothing more within an hour or so by any others.
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
 * The one occurrence that keeps the pause across a setting of the clocks from growing longer than the interval: where
 * the old clocks would have had it, if the new ones have none by then. It needs a forerunner within one interval, so
 * that "every 10 minutes on Mondays" gets nothing on a Sunday.
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
