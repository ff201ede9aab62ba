import type { Document } from 'mongodb';
import { type Id, idsMatchedBy } from '../mongo/selector';
import { MongoID } from '../shared/object-id';

/** Which documents may have changed. */
export type Touched = readonly Id[] | 'everything';

/** By the DDP form of their ids. */
export type Stale = Map<string, Id> | 'everything';

/** Collects which documents of a query have to be looked at again. */
export class StaleDocuments {
  private stale: Stale | undefined;
  private readonly boundToIds: Set<string> | undefined;

  constructor(selector: Document) {
    const ids = idsMatchedBy(selector);
    this.boundToIds = ids && new Set(ids.map(MongoID.idStringify));
  }

  get isEmpty(): boolean {
    return this.stale === undefined;
  }

  /** @returns whether any of it is the query's concern */
  note(touched: Touched): boolean {
    if (touched === 'everything') {
      this.stale = 'everything';
      return true;
    }
    const keys = touched.map(id => [MongoID.idStringify(id), id] as const);
    const ours = keys.filter(([key]) => !this.boundToIds || this.boundToIds.has(key));
    if (ours.length === 0) return false;
    if (this.stale !== 'everything') this.stale = new Map([...(this.stale ?? []), ...ours]);
    return true;
  }

  /** All that was noted; from now on it counts as looked at. */
  take(): Stale {
    const taken = this.stale ?? new Map();
    this.stale = undefined;
    return taken;
  }
}
