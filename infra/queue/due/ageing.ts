import { Priority, rateKeyFields, type TaskDefinition } from '../../catalog';
import type { QueueCore } from '../api/queue-core';
import type { AgeingType, TaskStore, Upcoming } from '../store/task-store';

/** How many tasks rise in one write. */
const batch = 1_000;
/** What waits is looked at ten times in its `maxWait`, within these bounds. */
const looks = 10;
const bounds = { least: 100, most: 60_000 };

/**
 * Lets tasks rise that have waited longer than the `maxWait` of their type: to high, and after twice that time to the top
 * of what is queued. So low priority can be late, but it never starves. Nothing is written for what waits less long, and
 * nothing is asked of types without `maxWait`.
 */
export class Ageing {
  private readonly types: readonly (AgeingType & { maxWait: number })[];
  private readonly everyMs: number;

  constructor(
    private readonly core: QueueCore,
    private readonly store: TaskStore,
    private readonly wake: () => void,
  ) {
    this.types = Object.values(core.catalog).flatMap(definition => {
      const { taskType, maxWait } = definition;
      return maxWait ? { taskType, maxWait, lines: linesOf(definition) } : [];
    });
    const shortest = Math.min(...this.types.map(({ maxWait }) => maxWait));
    this.everyMs = Math.min(bounds.most, Math.max(bounds.least, shortest / looks));
  }

  /** Whether any type of the catalog asks for it. */
  get isNeeded(): boolean {
    return this.types.length > 0;
  }

  /** Lets rise what has waited too long. @returns when to look again. @throws where the store does not answer. */
  async look(): Promise<Upcoming> {
    let isMore = false;
    for (const type of this.types) {
      const { taskType, maxWait } = type;
      const risen = await this.raise(type, maxWait);
      if (risen > 0) this.core.emit('queue.aged', { taskType, count: risen, maxWait });
      if (risen > 0) this.wake();
      isMore ||= risen >= batch;
    }
    const next = this.core.clock.now().getTime() + (isMore ? 0 : this.everyMs);
    return { id: 'ageing', date: new Date(next) };
  }

  private async raise(type: AgeingType, maxWait: number): Promise<number> {
    const now = this.core.clock.now().getTime();
    const before = (ms: number) => new Date(now - ms);
    const risen = await this.store.raise(type, before(maxWait), Priority.high, batch);
    if (!(await this.store.isWaitingSince(type, before(2 * maxWait)))) return risen;
    const types = Object.entries(this.core.catalog).map(known);
    const [first] = await this.store.peek({ types, limit: 1 });
    if (!first || first.priority <= Priority.high) return risen;
    return risen + (await this.store.raise(type, before(2 * maxWait), first.priority, batch));
  }
}

/** A line that no task of the type can be in is not asked. */
function linesOf({ slots, rateLimit }: TaskDefinition): AgeingType['lines'] {
  const hasRateOfKey = rateLimit !== undefined && rateKeyFields(rateLimit).length > 0;
  return [...(slots ? (['slot'] as const) : []), ...(hasRateOfKey ? (['rate'] as const) : [])];
}

const known = ([taskType, { version }]: [string, { version: number }]) => ({ taskType, version });
