import type { Document } from 'mongodb';
import { type Id, idsMatchedBy } from '../mongo/selector';
import { MongoID } from '../shared/object-id';

/** Which documents may have changed. */
export type Touched = readonly Id[] | 'everything';

/** By the DDP form of their ids. */
export type Stale = Map<string, Id> | 'everything';

/** Above this many, one read of the whole result is cheaper than a look at each. */
const maxIdsAtOnce = 500;

/** Collects the documents of a query that have to be read again. */
export class StaleDocuments {
  private stale: Stale | undefined;
  private readonly boundToIds: Set<string> | undefined;

  /** @param whole whether the whole result has to be read, since one document may bring or remove another */
  constructor(
    selector: Document,
    private readonly whole: boolean,
  ) {
    const ids = idsMatchedBy(selector);
    this.boundToIds = ids && new Set(ids.map(MongoID.idStringify));
  }

  get isEmpty(): boolean {
    return this.stale === undefined;
  }

  /** @returns whether any of it may concern the query */
  note(touched: Touched): boolean {
    // In a bulk of writes it checks no single one: with a query for each of hundreds of visitors that would take too
    // long.
    if (touched === 'everything' || (this.whole && !this.boundToIds)) {
      this.stale = 'everything';
      return true;
    }
    const keys = touched.map(id => [MongoID.idStringify(id), id] as const);
    const ours = keys.filter(([key]) => !this.boundToIds || this.boundToIds.has(key));
    if (ours.length === 0) return false;
    if (this.whole) this.stale = 'everything';
    else this.add(ours);
    return true;
  }

  private add(ours: readonly (readonly [string, Id])[]): void {
    if (this.stale === 'everything') return;
    this.stale ??= new Map();
    for (const [key, id] of ours) this.stale.set(key, id);
    if (this.stale.size > maxIdsAtOnce) this.stale = 'everything';
  }

  /** Returns the collected documents, and forgets them. */
  take(): Stale {
    const taken = this.stale ?? new Map();
    this.stale = undefined;
    return taken;
  }
}
