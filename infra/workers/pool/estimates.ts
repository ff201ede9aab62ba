/** No task is taken for shorter than this: the channel itself needs as long. */
const shortestMs = 0.05;
/** How much of a new, shorter duration goes into the estimate. */
const share = 0.2;

/**
 * How long tasks take, by type, from those that ran. A longer duration counts in full at once and is forgotten slowly: what is
 * put behind a task that takes longer than expected has to wait for it.
 */
export class Estimates {
  private readonly byType = new Map<string, number>();
  private overall: number | undefined;

  learn(taskType: string, durationMs: number): void {
    const duration = Math.max(shortestMs, durationMs);
    this.byType.set(taskType, blend(this.byType.get(taskType), duration));
    this.overall = blend(this.overall, duration);
  }

  /** Milliseconds; unknown types take for ever, so that nothing is put behind them. */
  of(taskType: string): number {
    return this.byType.get(taskType) ?? Number.POSITIVE_INFINITY;
  }

  /** Of all types together; Infinity while nothing has run. */
  get usual(): number {
    return this.overall ?? Number.POSITIVE_INFINITY;
  }
}

function blend(old: number | undefined, duration: number): number {
  return old === undefined || duration > old ? duration : old + (duration - old) * share;
}
