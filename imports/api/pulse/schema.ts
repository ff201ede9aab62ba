/** How the web role's event loop did in its last sample, in milliseconds of delay. */
export interface PulseReading {
  mean: number;
  p99: number;
  max: number;
  /** The server's clock when it answered. */
  at: Date;
}
