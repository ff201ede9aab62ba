/** One look at the web role. */
export interface Sample {
  /** This browser's clock, as performance.now() has it. */
  at: number;
  /** Milliseconds that a method took from here to the web role and back; undefined where no answer came. */
  roundTrip: number | undefined;
  /** Milliseconds by which the web role's event loop was late, at its worst in the last half second. */
  delay: number | undefined;
  /** How many workers burned for this visitor at that moment. */
  burning: number;
}

/** How far back the figure reaches, in milliseconds. */
export const spanMs = 60_000;

/** Above this, in milliseconds, a person begins to feel it. */
const calmMs = 100;

/** Whether people are served without a wait: by the round trips, and by the event loop, which a round trip may miss. */
export function isCalm(samples: readonly Sample[]): boolean {
  const waits = [samples.map(({ roundTrip }) => roundTrip), samples.map(({ delay }) => delay)].map(median);
  return waits.every(wait => (wait ?? 0) < calmMs);
}

/** Of those that are known. */
export function median(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter(value => value !== undefined).sort((a, b) => a - b);
  return known[Math.floor(known.length / 2)];
}
