import { type AsyncHook, createHook } from 'node:async_hooks';
import { ThrottledLog } from '../../timing/throttled-log';

/** A task type whose handler has held the event loop, for the register of processes. */
export interface HeldLoop {
  taskType: string;
  /** The longest time, in ms. */
  longestMs: number;
  times: number;
  lastAt: Date;
}

export interface LoopWatchOptions {
  /** The type of the handler that runs right now. */
  current(): { readonly task: { readonly _id: string; readonly taskType: string } } | undefined;
  /** A handler has held the loop; at most once a minute for each type. */
  held(fields: object): void;
}

/** No handler may hold the event loop longer than this: it serves others too. */
const tooLongMs = 50;
const lookEveryMs = 20;
const reportEveryMs = 60_000;

/**
 * Finds the handler that blocks the event loop of the role. A late timer shows that one did; the time that the code of
 * each took in that turn shows which.
 */
export class LoopWatch {
  private readonly segments = new Map<number, number>();
  private readonly usedMs = new Map<object, number>();
  private readonly hook: AsyncHook;
  private readonly records = new Map<string, HeldLoop>();
  private readonly logs = new Map<string, ThrottledLog>();
  private timer: NodeJS.Timeout | undefined;
  private lookedAt = 0;

  constructor(private readonly options: LoopWatchOptions) {
    this.hook = createHook({
      before: id => this.segments.set(id, performance.now()),
      after: id => this.endSegment(id),
    });
  }

  /** Starts the watch: handlers run now. Twice is fine. */
  start(): void {
    if (this.timer) return;
    this.hook.enable();
    this.lookedAt = performance.now();
    this.timer = setInterval(() => this.look(), lookEveryMs).unref();
  }

  /** Stops the watch: nothing runs any more. Makes the last check now. */
  stop(): void {
    if (!this.timer) return;
    this.look();
    clearInterval(this.timer);
    this.timer = undefined;
    this.hook.disable();
  }

  /** Runs the beginning of a handler, which has no turn of its own. */
  measure<T>(attempt: object, run: () => T): T {
    const from = performance.now();
    try {
      return run();
    } finally {
      this.add(attempt, performance.now() - from);
    }
  }

  /** The task types that have held the loop since this process began. */
  list(): HeldLoop[] {
    return [...this.records.values()];
  }

  private endSegment(id: number): void {
    const from = this.segments.get(id);
    const attempt = this.options.current();
    if (from === undefined) return;
    this.segments.delete(id);
    if (attempt) this.add(attempt, performance.now() - from);
  }

  private add(attempt: object, ms: number): void {
    this.usedMs.set(attempt, (this.usedMs.get(attempt) ?? 0) + ms);
  }

  private look(): void {
    const now = performance.now();
    const late = now - this.lookedAt > tooLongMs;
    this.lookedAt = now;
    for (const [attempt, ms] of this.usedMs) if (late && ms > tooLongMs) this.report(attempt as Blamed, Math.round(ms));
    this.usedMs.clear();
    // A handler that threw has left its start time behind.
    this.segments.clear();
  }

  private report({ task: { _id: taskId, taskType } }: Blamed, ms: number): void {
    const before = this.records.get(taskType) ?? { taskType, longestMs: 0, times: 0, lastAt: new Date() };
    const longestMs = Math.max(before.longestMs, ms);
    this.records.set(taskType, { taskType, longestMs, times: before.times + 1, lastAt: new Date() });
    const log = this.logs.get(taskType) ?? new ThrottledLog(reportEveryMs, this.options.held);
    this.logs.set(taskType, log);
    log.log({ taskType, taskId, heldMs: ms });
  }
}

type Blamed = NonNullable<ReturnType<LoopWatchOptions['current']>>;
