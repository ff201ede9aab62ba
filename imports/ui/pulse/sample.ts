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
