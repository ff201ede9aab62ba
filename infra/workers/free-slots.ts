import { fits, rounded } from './weight';

interface Seat {
  readonly state: string;
  readonly load: number;
  readonly runs: ReadonlyMap<number, { readonly weight: number }>;
}

/**
 * Slots that nothing takes yet, in workers that are there or may be started: one in an idle worker, whatever will come,
 * and as many as fit of what runs in a worker already.
 *
 * @param unborn how many workers may still be started.
 */
export function freeSlots(workers: Iterable<Seat>, unborn: number): number {
  let free = unborn;
  for (const { state, load, runs } of workers) {
    if (state === 'leaving') continue;
    const weight = runs.size > 0 ? Math.min(...[...runs.values()].map(run => run.weight)) : 1;
    if (fits(load, weight)) free += Math.floor(rounded((1 - load) / weight));
  }
  return free;
}
