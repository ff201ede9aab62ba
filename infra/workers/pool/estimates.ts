/** No estimate is shorter than this: the channel itself takes as long. */
const shortestMs = 0.05;
/** How much of a new, shorter duration goes into the estimate. */
const share = 0.2;

/**
 * How long tasks take, by type, measured on those that ran. A longer duration counts in full at once and fades slowly,
 * since the tasks behind one that takes longer than expected have to wait for it.
 */
export class Estimates {
  private readonly byType = new Map<string, number>();
  private overall: number | undefined;

  learn(taskType: string, durationMs: number): void {
    const duration = Math.max(shortestMs, durationMs);
    this.byType.set(taskType, blend(this.byType.get(taskType), duration));
    this.overall = blend(this.overall, duration);
  }

  /** Milliseconds; Infinity for unknown types, so that no task is put behind them. */
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
