import { fits } from '../protocol/weight';

/** Short tasks may wait inside a worker for so long, so that it never waits for the channel. */
const sendAheadMs = 10;
const sendAheadTasks = 64;

/** What placement looks at in a worker. */
export interface Place {
  readonly state: string;
  readonly load: number;
  readonly backlogMs: number;
  readonly runs: { readonly size: number };
}

/**
 * The worker that a task goes to next; undefined where it waits in the pool. A free slot comes first, the emptiest worker
 * before all; else a task goes ahead into a worker that will be through with all it has, this one included, in a moment.
 *
 * @param expectedMs how long the task usually takes; Infinity where nobody knows.
 */
export function choosePlace<P extends Place>(places: Iterable<P>, weight: number, expectedMs: number): P | undefined {
  let best: P | undefined;
  for (const place of places) {
    if (place.state !== 'ready' || !hasRoom(place, weight, expectedMs)) continue;
    if (!best || place.load < best.load) best = place;
  }
  return best;
}

function hasRoom(place: Place, weight: number, expectedMs: number): boolean {
  if (fits(place.load, weight)) return true;
  return place.runs.size < sendAheadTasks && place.backlogMs + expectedMs <= sendAheadMs;
}
