import type { Change } from './observer';
import { changesBetween, type Entry, orderedChangesBetween, type Result } from './result-changes';
import type { Stale } from './stale-documents';

/** What a live query has found so far, to compare with what it finds now. */
export class HeldResult {
  private result: Result = new Map();

  constructor(private readonly ordered: boolean) {}

  get entries(): Entry[] {
    return [...this.result.values()];
  }

  /** @param stale the documents that were looked for @returns what has changed */
  replace(stale: Stale, found: Result): Change[] {
    return stale === 'everything' ? this.replaceAll(found) : this.replaceSome(stale, found);
  }

  private replaceAll(found: Result): Change[] {
    const before = this.result;
    this.result = found;
    return this.ordered ? orderedChangesBetween(before, found) : changesBetween(before, found);
  }

  private replaceSome(stale: Exclude<Stale, 'everything'>, found: Result): Change[] {
    const before: Result = new Map();
    for (const key of stale.keys()) {
      const known = this.result.get(key);
      if (known) before.set(key, known);
    }
    for (const key of before.keys()) this.result.delete(key);
    for (const [key, entry] of found) this.result.set(key, entry);
    return changesBetween(before, found);
  }
}
