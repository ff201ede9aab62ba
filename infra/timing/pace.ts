import { setTimeout as wait } from 'node:timers/promises';

/** Spaces out repeated work: after a pause it begins at once, in a row not before `ms` have passed. */
export class Pace {
  private last = Number.NEGATIVE_INFINITY;

  constructor(private readonly ms: number) {}

  /** Resolves when the work may be done again. */
  async next(): Promise<void> {
    const left = this.last + this.ms - performance.now();
    if (left > 0) await wait(left);
    this.last = performance.now();
  }
}
