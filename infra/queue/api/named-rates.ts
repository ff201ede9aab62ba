import { type NamedRates, namedRateOf, type RateWindow } from '../../catalog';
import { newToken } from '../model/ids';
import { isDatabaseAway } from '../store/database-errors';
import { type Grant, RateLimits } from '../store/rate-limits';
import type { QueueCore } from './queue-core';

/** Something that was taken from a named rate. Say which of the two, once: until then it counts as well. */
export interface Taken {
  /** What it was taken for begins now. */
  begun(): void;
  /** It will not begin. */
  release(): void;
}

interface Waiter {
  cost: number;
  resolve(taken: Taken): void;
  reject(reason: unknown): void;
}

interface Line {
  waiters: Waiter[];
  /** Ends the wait between two questions. */
  lookNow(): void;
}

/** How long to wait between two questions for a rate that is used up, in ms. */
const askAgainMs = { least: 5, most: 1_000 };

/**
 * The named rates of an app, over all roles, by the database's clock: who comes first is served first, and a large cost is
 * not passed by small ones for ever. All that wait for the same rate in this process ask together.
 */
export class NamedRateLimits {
  private readonly lines = new Map<string, Line>();

  constructor(
    private readonly core: () => Pick<QueueCore, 'db' | 'clock'>,
    private readonly declared: () => NamedRates,
  ) {}

  /** What removes the log of a rate that nobody uses any more. */
  ensureIndexes(): Promise<void> {
    return new RateLimits(this.core().db).ensureIndexes();
  }

  /**
   * Waits until the rate has room for so much.
   *
   * @throws TypeError where there is no such rate, or the cost is more than it ever grants; the reason of the signal, when
   *   that aborts.
   */
  async take(name: string, cost = 1, signal?: AbortSignal): Promise<Taken> {
    const { window } = namedRateOf(this.declared(), name, cost);
    signal?.throwIfAborted();
    const line = this.lines.get(name) ?? { waiters: [], lookNow: () => {} };
    return new Promise<Taken>((resolve, reject) => {
      const waiter: Waiter = { cost, resolve, reject };
      const onAbort = () => leave(line, waiter, signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      waiter.resolve = taken => {
        signal?.removeEventListener('abort', onAbort);
        resolve(taken);
      };
      line.waiters.push(waiter);
      if (this.lines.has(name)) return;
      this.lines.set(name, line);
      void this.serve(name, window, line);
    });
  }

  /** Asks for those that wait until nobody does. */
  private async serve(name: string, window: RateWindow, line: Line): Promise<void> {
    const rates = new RateLimits(this.core().db);
    let id = newToken();
    while (line.waiters.length > 0) {
      try {
        const grant = await rates.reserveInLine({ name: `@${name}`, window, ...wantedBy(line, window) }, id);
        if (grant.granted === 0) await this.pause(line, grant.next);
        else {
          id = newToken();
          this.give(grant, line, rates);
        }
      } catch (error) {
        if (isDatabaseAway(error)) await this.pause(line);
        else for (const { reject } of line.waiters.splice(0)) reject(error);
      }
    }
    this.lines.delete(name);
    // Its place in the line of all roles, where it has one, and what was granted without a reply.
    await rates.release([{ id, name: `@${name}`, window, count: window.max }]).catch(() => {});
  }

  private give({ id, name, window, granted }: Grant, line: Line, rates: RateLimits): void {
    let left = granted;
    for (let first = line.waiters[0]; first && first.cost <= left; first = line.waiters[0]) {
      line.waiters.shift();
      left -= first.cost;
      first.resolve(takenOf(rates, { id, name, window, count: first.cost }));
    }
    if (left > 0) takenOf(rates, { id, name, window, count: left }).release();
  }

  private pause(line: Line, until?: Date): Promise<void> {
    const { clock } = this.core();
    const ms = until ? until.getTime() - clock.now().getTime() + 1 : askAgainMs.most;
    return new Promise(resolve => {
      const timer = setTimeout(resolve, Math.min(askAgainMs.most, Math.max(askAgainMs.least, ms)));
      line.lookNow = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** At least what the first one wants, at most what all want together. */
function wantedBy({ waiters }: Line, { max }: RateWindow) {
  const all = waiters.reduce((sum, { cost }) => sum + cost, 0);
  return { least: waiters[0]?.cost ?? 1, count: Math.min(max, all) };
}

function leave(line: Line, waiter: Waiter, reason: unknown): void {
  line.waiters = line.waiters.filter(one => one !== waiter);
  waiter.reject(reason);
  if (line.waiters.length === 0) line.lookNow();
}

/** Where it can't be written, it stays granted for a while: the rate is lower then, never higher. */
function takenOf(rates: RateLimits, some: Parameters<RateLimits['begun']>[0][number]): Taken {
  let isOpen = true;
  const once = (write: () => Promise<void>) => {
    if (isOpen) void write().catch(() => {});
    isOpen = false;
  };
  return { begun: () => once(() => rates.begun([some])), release: () => once(() => rates.release([some])) };
}
