import { timeOf } from '../../catalog';
import type { Clock } from '../../database';
import { timerMs } from '../../timing/timer-ms';
import type { Upcoming } from '../store/task-store';

/** Acts on what has become due and says what comes next of its kind. */
export type EventAction = () => Promise<Upcoming | undefined>;

interface Acting {
  offered?: Upcoming;
  again?: boolean;
}

interface Kind {
  act: EventAction;
  next?: Upcoming;
  /** While its action runs: what was offered meanwhile, and whether it is to act again because things have changed. */
  acting?: Acting;
}

/** How long an action that failed is left alone. */
const retryMs = 1_000;

/**
 * The next event of each kind, its id and date in memory, and one single timer for the first of them. A newcomer that
 * is earlier displaces the one that is kept. All dates are the database's.
 */
export class NextEvents {
  private readonly kinds = new Map<string, Kind>();
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private readonly actions = new Set<Promise<void>>();

  /** @param onFailure hears of an action that failed; it acts again a little later. */
  constructor(
    private readonly clock: Clock,
    private readonly onFailure: (kind: string, error: unknown) => void,
  ) {}

  define(kind: string, act: EventAction): void {
    this.kinds.set(kind, { act });
  }

  next(kind: string): Upcoming | undefined {
    return this.kinds.get(kind)?.next;
  }

  /** A newcomer. It counts only where it is earlier than what is known. */
  offer(kind: string, upcoming: Upcoming | undefined): void {
    const known = this.kinds.get(kind);
    if (!known || !upcoming) return;
    if (known.acting) {
      known.acting.offered = earlier(known.acting.offered, upcoming);
      return;
    }
    known.next = earlier(known.next, upcoming);
    if (known.next === upcoming) this.arm();
  }

  /**
   * Acts now, whatever the time: what is due is done, and what comes next is asked afresh. While it acts already, it acts
   * once more: what it has read may be from before the change that the caller knows of.
   */
  async refill(kind: string): Promise<void> {
    const known = this.kinds.get(kind);
    if (!known || this.stopped) return;
    if (known.acting) {
      known.acting.again = true;
      return;
    }
    const acting: Acting = {};
    known.acting = acting;
    try {
      known.next = earlier(await known.act(), acting.offered);
    } catch (error) {
      const again = { id: kind, date: new Date(this.clock.now().getTime() + retryMs) };
      known.next = earlier(again, acting.offered);
      this.onFailure(kind, error);
    } finally {
      known.acting = undefined;
      this.arm();
    }
    if (acting.again) await this.refill(kind);
  }

  /** Resolves when nothing acts any more. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await Promise.all(this.actions);
  }

  private arm(): void {
    clearTimeout(this.timer);
    const first = [...this.kinds.values()].reduce<Upcoming | undefined>(
      (soonest, kind) => (kind.acting ? soonest : earlier(soonest, kind.next)),
      undefined,
    );
    if (!first || this.stopped) return;
    const wait = first.date.getTime() - this.clock.now().getTime();
    this.timer = setTimeout(() => this.fire(), timerMs(wait));
  }

  private fire(): void {
    const now = this.clock.now();
    const due = [...this.kinds].filter(([, kind]) => !kind.acting && kind.next && kind.next.date <= now);
    for (const [name] of due) this.track(this.refill(name));
    // Timers may fire a little early, and the longest wait may not have been long enough.
    if (due.length === 0) this.arm();
  }

  private track(action: Promise<void>): void {
    this.actions.add(action);
    void action.finally(() => this.actions.delete(action));
  }
}

/** One without a valid date never comes: a timer for it would fire without end. */
function earlier(first: Upcoming | undefined, second: Upcoming | undefined): Upcoming | undefined {
  const [a, b] = [first, second].map(one => (one && !Number.isNaN(timeOf(one.date)) ? one : undefined));
  if (!a || !b) return a ?? b;
  return b.date < a.date ? b : a;
}
