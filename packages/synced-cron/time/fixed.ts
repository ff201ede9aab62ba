import type { WallSchedule } from './wall';
import type { Transition, Zone } from './zone';

/** No zone ever jumped by more than a day. */
const longestJump = 25 * 3_600_000;

/**
 * The next instant of a fixed time of the day. A time that does not exist, because the clocks go forward over it, moves
 * by the size of the jump (2:30 becomes 3:30: as long after yesterday's 2:30 as on any day). A time that comes twice
 * counts only the first time.
 */
export function nextFixed(schedule: WallSchedule, zone: Zone, after: number): number | undefined {
  const candidates = [...ahead(schedule, zone, after), ...shifted(schedule, zone, after)];
  return candidates.length > 0 ? Math.min(...candidates) : undefined;
}

/** The next time on the wall clock, and, if it lies in a gap, the one after the gap: that may be earlier. */
function ahead(schedule: WallSchedule, zone: Zone, after: number): number[] {
  const wall = schedule.nextAfter(wallFrom(zone, after));
  if (wall === undefined) return [];
  const gap = gapAround(zone, wall);
  if (!gap) return [firstInstant(zone, wall)];
  const behind = schedule.nextAfter(gap.at + gap.after - 1);
  const shiftedInstant = wall - gap.before;
  return behind === undefined ? [shiftedInstant] : [shiftedInstant, firstInstant(zone, behind)];
}

/** The wall time to continue from. In the second pass of a repeated hour all its times are over: continue after it. */
function wallFrom(zone: Zone, after: number): number {
  for (const { at, before, after: offset } of zone.transitions(after - longestJump, after)) {
    if (offset < before && after < at + before - offset) return at + before - 1;
  }
  return after + zone.offsetAt(after);
}

/** A time in a gap that has begun already, and whose shifted time is still to come. */
function shifted(schedule: WallSchedule, zone: Zone, after: number): number[] {
  const found: number[] = [];
  for (const { at, before, after: offset } of zone.transitions(after - longestJump, after)) {
    const wall = offset > before ? schedule.nextAfter(after + before) : undefined;
    if (wall !== undefined && wall < at + offset) found.push(wall - before);
  }
  return found;
}

function gapAround(zone: Zone, wall: number): Transition | undefined {
  return zone
    .transitions(wall - longestJump, wall + longestJump)
    .find(({ at, before, after }) => wall >= at + before && wall < at + after);
}

/** The first instant at which the zone's clocks show that time, which exists. */
function firstInstant(zone: Zone, wall: number): number {
  const from = wall - longestJump;
  const offsets = [zone.offsetAt(from), ...zone.transitions(from, wall + longestJump).map(({ after }) => after)];
  const instants = offsets.map(offset => wall - offset).filter(instant => instant + zone.offsetAt(instant) === wall);
  return Math.min(...instants);
}
