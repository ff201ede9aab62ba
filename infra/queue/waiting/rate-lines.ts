import { optionsOf, type RateWindow, rateKeyFields, windowOf } from '../../catalog';
import type { Clock } from '../../database';
import { Coalesced } from '../../timing/coalesced';
import { timerMs } from '../../timing/timer-ms';
import { typeOfKey } from '../model/waiting';
import type { DatabaseGuard } from '../store/database-guard';
import { countOnTheirWay, firstInRateLine, putInRateLine, rateKeysInLine } from '../store/mongo-rate-lines';
import { goOn } from '../store/mongo-successors';
import type { RateLimits, RateUse } from '../store/rate-limits';
import { admit, type SlotDeps } from './slots';

export interface RateLinesOptions {
  core: SlotDeps & { readonly clock: Clock };
  rates: Pick<RateLimits, 'look'>;
  guard: DatabaseGuard;
  /** Tasks may start that could not before. */
  wake(): void;
  /** Tasks have left their slots. */
  freed(limitKeys: readonly string[]): void;
}

/** A key whose rate is used up, and tasks of it that a claim has met. */
export interface UsedUp {
  rateKey: string;
  ids: readonly string[];
  until: Date;
}

/** What one look at a line comes to: how many it lets in, and when to look again. */
export interface LineDecision {
  letIn: number;
  lookAt: number;
}

/** How often a line is looked at where nothing tells of what it waits for. */
const lookEveryMs = { least: 50, most: 1_000 };
/** One look takes no more keys than this, and lets no more in of each. */
const mostAtOnce = { keys: 200, tasks: 1_000 };
const linesAtOnce = 10;

/**
 * How many more of a line may be on their way to a claim, and when to look again. Pure.
 *
 * @param use what counts now; undefined where nothing does.
 * @param onTheirWay how many of the key are queued, or wait for a slot only.
 */
export function decideLine(
  { max, per }: RateWindow,
  use: RateUse | undefined,
  onTheirWay: number,
  now: number,
): LineDecision {
  const letIn = Math.max(0, Math.min(mostAtOnce.tasks, max - (use?.used ?? 0) - onTheirWay));
  const soon = now + Math.min(lookEveryMs.most, Math.max(lookEveryMs.least, per));
  // What has begun says when it counts no longer; what is on its way has still to begin.
  const isFull = use !== undefined && use.used >= max;
  return { letIn, lookAt: isFull ? Math.max(use.until.getTime(), now + 1) : soon };
}

/**
 * The lines of keys whose rate is used up: a claim that meets such a task has it wait, with all others of its key, so that
 * it holds up nobody. A line is looked at when its rate has room again, and lets in as many as there is room for, in the
 * queue's order. Each role looks after the lines that it knows; a sweep finds those of a role that has died.
 */
export class RateLines {
  /** When to look at each line that is known, in ms. */
  private readonly looks = new Map<string, number>();
  /** Lines that tasks have joined since the last look at them began: it may have missed those. */
  private readonly joined = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private hasSwept = false;
  private readonly works = new Coalesced(
    () => this.work(),
    () => this.due().length > 0,
  );

  constructor(private readonly options: RateLinesOptions) {}

  /**
   * Takes tasks out of the way whose rate is used up.
   *
   * @returns whether that could be written. It never throws: what was claimed beside them is to run all the same.
   */
  async lineUp(keys: readonly UsedUp[]): Promise<boolean> {
    const { core, freed, guard } = this.options;
    const isDone = await guard.attempt('rate lines', async () => {
      for (const { rateKey, ids, until } of keys) {
        try {
          freed(await putInRateLine(core.store.collection, rateKey, ids));
        } finally {
          this.joined.add(rateKey);
          this.lookAt(rateKey, until.getTime());
        }
      }
      return true;
    });
    this.arm();
    return isDone === true;
  }

  /**
   * Looks at some of all lines.
   *
   * @param from the last key that was looked at; '' begins with the first.
   * @returns where to go on, '' at the end.
   */
  async sweep(from: string): Promise<string> {
    const { core } = this.options;
    const isUsed = Object.values(core.catalog).some(
      ({ rateLimit }) => rateLimit && rateKeyFields(rateLimit).length > 0,
    );
    // Where no type has such a rate, there may be lines of before.
    if (!isUsed && this.hasSwept) return '';
    const keys = await rateKeysInLine(core.store.collection, from, mostAtOnce.keys);
    const next = keys.length < mostAtOnce.keys ? '' : (keys.at(-1) as string);
    this.hasSwept ||= next === '';
    const now = core.clock.now().getTime();
    for (const key of keys) if (!this.looks.has(key)) this.lookAt(key, now);
    this.arm();
    return next;
  }

  /** The rates may have changed: no line waits for what was decided before. */
  lookAgain(): void {
    const now = this.options.core.clock.now().getTime();
    for (const key of this.looks.keys()) this.lookAt(key, now);
    this.arm();
  }

  stop(): Promise<void> {
    clearTimeout(this.timer);
    return this.works.stop();
  }

  private lookAt(rateKey: string, at: number): void {
    this.looks.set(rateKey, Math.min(at, this.looks.get(rateKey) ?? at));
  }

  private arm(): void {
    clearTimeout(this.timer);
    if (this.looks.size === 0) return;
    let first = Number.POSITIVE_INFINITY;
    for (const at of this.looks.values()) first = Math.min(first, at);
    this.timer = setTimeout(() => this.works.soon(), timerMs(first - this.options.core.clock.now().getTime() + 1));
    this.timer.unref();
  }

  private due(): string[] {
    const now = this.options.core.clock.now().getTime();
    const due: string[] = [];
    for (const [key, at] of this.looks) if (at <= now && due.length < mostAtOnce.keys) due.push(key);
    return due;
  }

  private async work(): Promise<void> {
    const due = this.due();
    const now = this.options.core.clock.now().getTime();
    // Should it fail, it is tried again.
    for (const key of due) this.looks.set(key, now + lookEveryMs.most);
    if (due.length > 0) await this.options.guard.attempt('rate lines', () => this.letIn(due, now));
    this.arm();
  }

  private async letIn(keys: readonly string[], now: number): Promise<void> {
    const { core, rates, wake } = this.options;
    const { collection } = core.store;
    const use = await rates.look(keys, new Date(now));
    const onTheirWay = await countOnTheirWay(collection, keys);
    const first = await inTens(keys, async rateKey => {
      const window = this.windowOf(rateKey);
      // Whoever has the type in its catalog looks after it.
      if (!window) return this.forget(rateKey);
      const { letIn, lookAt } = decideLine(window, use.get(rateKey), onTheirWay.get(rateKey) ?? 0, now);
      this.looks.set(rateKey, lookAt);
      this.joined.delete(rateKey);
      const some = letIn === 0 ? [] : await firstInRateLine(collection, rateKey, letIn);
      if (some.length < letIn && !this.joined.has(rateKey)) this.looks.delete(rateKey);
      return some;
    });
    if (first.length === 0) return;
    await goOn(collection, { _id: { $in: first.map(({ _id }) => _id) }, waitsFor: 'rate' }, new Date(now));
    await admit(core, [...new Set(first.flatMap(({ limitKey }) => limitKey ?? []))]);
    wake();
  }

  private forget(rateKey: string): [] {
    this.looks.delete(rateKey);
    this.joined.delete(rateKey);
    return [];
  }

  /** A type that has no such rate any more lets all in. */
  private windowOf(rateKey: string): RateWindow | undefined {
    const { catalog } = this.options.core;
    const taskType = typeOfKey(rateKey);
    if (!Object.hasOwn(catalog, taskType)) return undefined;
    const { rateLimit } = optionsOf(catalog, taskType);
    const isByKey = rateLimit && rateKeyFields(rateLimit).length > 0;
    return isByKey ? windowOf(rateLimit) : { max: Number.MAX_SAFE_INTEGER, per: 1 };
  }
}

async function inTens<T, R>(items: readonly T[], what: (item: T) => Promise<R[]> | R[]): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += linesAtOnce)
    results.push(...(await Promise.all(items.slice(from, from + linesAtOnce).map(what))).flat());
  return results;
}
