import { cpus, freemem } from 'node:os';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { Priority, type PriorityClass } from '../../catalog';
import type { Emit } from '../../monitor/events';

/** Above any of these the machine counts as overloaded. A threshold that is left out is not looked at. */
export interface LoadThresholds {
  /** The mean delay of this role's event loop, in milliseconds. */
  eventLoopDelayMs?: number;
  /** The share of all cores in use at normal priority, 0 to 1; 1 is never exceeded. */
  cpu?: number;
  /** Free memory of the machine in MB, below which it is overloaded. */
  freeMemoryMb?: number;
}

/** What was measured over the last interval. */
export interface Load {
  eventLoopDelayMs: number;
  cpu: number;
  freeMemoryMb: number;
}

/** Which classes are paused: none, low, low and medium, all. */
export type OverloadLevel = 0 | 1 | 2 | 3;

/** How far above its threshold a measure pauses low, then medium, then high. */
const steps = [1, 1.5, 2] as const;
/** Resuming asks for a little less than pausing did, or it would flutter. */
const resumeBelow = 0.9;

/** From what share of a threshold's excess which classes are paused. Pure. */
export function overloadLevel(load: Load, thresholds: LoadThresholds, current: OverloadLevel): OverloadLevel {
  const pressure = pressureOf(load, thresholds);
  const level = steps.filter(step => pressure > step).length as OverloadLevel;
  if (level >= current) return level;
  const eased = steps.filter(step => pressure > step * resumeBelow).length as OverloadLevel;
  return Math.min(current, eased) as OverloadLevel;
}

function pressureOf(load: Load, { eventLoopDelayMs, cpu, freeMemoryMb }: LoadThresholds): number {
  return Math.max(
    eventLoopDelayMs ? load.eventLoopDelayMs / eventLoopDelayMs : 0,
    cpu ? load.cpu / cpu : 0,
    freeMemoryMb ? freeMemoryMb / Math.max(1, load.freeMemoryMb) : 0,
  );
}

const minPriorities = [undefined, Priority.medium, Priority.high, Number.POSITIVE_INFINITY] as const;
const pausedClasses: readonly (readonly PriorityClass[])[] = [
  [],
  ['low'],
  ['low', 'medium'],
  ['low', 'medium', 'high'],
];

/** Lazy: while the machine is overloaded, nothing new starts, low priority first and high last. */
export class Overload {
  private level: OverloadLevel = 0;
  private timer: NodeJS.Timeout | undefined;
  private histogram: IntervalHistogram | undefined;
  private cpuBefore = cpuTimes();

  constructor(
    private readonly thresholds: LoadThresholds,
    private readonly emit: Emit,
    /** Something that was paused may start again. */
    private readonly wake: () => void,
    private readonly everyMs = 1_000,
    private readonly measure?: () => Load,
  ) {}

  /** Only tasks of at least this priority may start now; undefined: all, Infinity: none. */
  minPriority(): number | undefined {
    return minPriorities[this.level];
  }

  start(): void {
    if (Object.values(this.thresholds).every(threshold => !threshold)) return;
    this.histogram = monitorEventLoopDelay({ resolution: 50 });
    this.histogram.enable();
    this.timer = setInterval(() => this.judge(this.measure?.() ?? this.sample()), this.everyMs);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.histogram?.disable();
  }

  private judge(load: Load): void {
    const before = this.level;
    this.level = overloadLevel(load, this.thresholds, before);
    if (this.level > before) this.emit('queue.overloaded', { paused: pausedClasses[this.level], ...load });
    if (this.level >= before) return;
    if (this.level === 0) this.emit('queue.resumed', { ...load });
    this.wake();
  }

  private sample(): Load {
    const delay = (this.histogram?.mean ?? 0) / 1e6 - 50;
    this.histogram?.reset();
    const cpuNow = cpuTimes();
    const busy = cpuNow.busy - this.cpuBefore.busy;
    const total = cpuNow.total - this.cpuBefore.total;
    this.cpuBefore = cpuNow;
    return {
      eventLoopDelayMs: Math.max(0, Math.round(delay * 10) / 10) || 0,
      cpu: total > 0 ? busy / total : 0,
      freeMemoryMb: Math.round(freemem() / 1_048_576),
    };
  }
}

/**
 * Time at a lowered priority (`nice`) does not count as busy: that is how our own workers run, and who is in their way
 * gets the core all the same. A machine is not overloaded by the work that it is there for.
 */
function cpuTimes(): { busy: number; total: number } {
  const times = cpus().map(one => one.times);
  const busy = times.reduce((sum, { user, sys, irq }) => sum + user + sys + irq, 0);
  return { busy, total: times.reduce((sum, { idle, nice }) => sum + idle + nice, busy) };
}
