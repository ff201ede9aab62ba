import { Coalesced } from '../../timing/coalesced';
import { GrowingPause } from '../../timing/growing-pause';
import { isDatabaseAway } from '../store/database-errors';
import { type DatabaseGuard, retryPauses } from '../store/database-guard';

type Action = (keys: readonly string[]) => Promise<void>;

interface Kind {
  name: string;
  action: Action;
  /** What was heard and not begun. */
  heard: Set<string>;
  /** What failed, until it succeeds. */
  failed: Set<string>;
}

/** So much is kept for another try; the sweep finds what is beyond that. */
const mostKept = 10_000;

/**
 * What has been heard, by its kind, until it has been dealt with. What is heard together is done together. What fails is
 * tried again after a pause, and holds up nothing else.
 */
export class ToDo<Name extends string> {
  private readonly kinds: Kind[];
  private readonly pause = new GrowingPause(retryPauses);
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private readonly works = new Coalesced(
    () => this.work(),
    () => this.isMore(),
  );

  /** @param actions in the order in which they are taken: what one finds may be for one behind it. */
  constructor(
    private readonly guard: DatabaseGuard,
    actions: Record<Name, Action>,
  ) {
    this.kinds = Object.entries<Action>(actions).map(([name, action]) => ({
      name,
      action,
      heard: new Set(),
      failed: new Set(),
    }));
  }

  /** It begins soon. */
  add(name: Name, keys: Iterable<string>): void {
    const { heard } = this.kinds.find(kind => kind.name === name) as Kind;
    for (const key of keys) heard.add(key);
    if (this.isMore()) this.works.soon();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.works.stop();
  }

  private isMore(): boolean {
    return this.kinds.some(({ heard }) => heard.size > 0);
  }

  private async work(): Promise<void> {
    for (const kind of this.kinds) await this.dealWith(kind);
    if (this.kinds.every(({ failed }) => failed.size === 0)) this.pause.reset();
  }

  private async dealWith({ name, action, heard, failed }: Kind): Promise<void> {
    const keys = [...heard];
    if (keys.length === 0) return;
    heard.clear();
    const left = new Set(keys);
    try {
      await together(keys, left, action);
    } catch (error) {
      this.guard.failed(name, error);
      for (const key of left) if (failed.size < mostKept) failed.add(key);
      this.retryLater();
    }
    for (const key of keys) if (!left.has(key)) failed.delete(key);
    // As long as one of a kind goes on failing, that is reported once.
    if (failed.size === 0) this.guard.succeeded(name);
  }

  private retryLater(): void {
    if (this.timer || this.stopped) return;
    this.timer = setTimeout(() => this.retry(), this.pause.next());
  }

  private retry(): void {
    this.timer = undefined;
    for (const { heard, failed } of this.kinds) for (const key of failed) heard.add(key);
    if (this.isMore()) this.works.soon();
  }
}

/**
 * All together or, where that fails, each half by itself: one that fails holds up no other.
 *
 * @param left what has been dealt with is taken out of it.
 * @throws a failure, when all have been tried; at once where the database is away.
 */
async function together(keys: readonly string[], left: Set<string>, action: Action): Promise<void> {
  try {
    await action(keys);
    for (const key of keys) left.delete(key);
  } catch (error) {
    if (keys.length === 1 || isDatabaseAway(error)) throw error;
    const middle = keys.length >> 1;
    const first = await together(keys.slice(0, middle), left, action).catch(orAway);
    await together(keys.slice(middle), left, action);
    if (first) throw first;
  }
}

function orAway(error: unknown): unknown {
  if (isDatabaseAway(error)) throw error;
  return error;
}
