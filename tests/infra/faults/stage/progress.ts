import { setTimeout as wait } from 'node:timers/promises';

/** Nothing that a scenario waits for rests so long on its way: no lease, no backoff, no deadline of a call. */
const restMs = 60_000;

/**
 * Waits for a fact as long as something moves on the way to it, however slow the machine is.
 *
 * @param measure a figure that changes as long as there is progress.
 * @returns whether the fact came true; false when the figure has stood still for a minute.
 */
export async function whileItMoves(fact: () => Promise<boolean>, measure: () => Promise<number>): Promise<boolean> {
  let last: number | undefined;
  for (let since = Date.now(); Date.now() - since < restMs; await wait(100)) {
    if (await fact()) return true;
    const figure = await measure();
    if (figure !== last) since = Date.now();
    last = figure;
  }
  return false;
}
