import { restAfter } from '../../timing/rest-after';

/** Dates come from several clocks, which differ by less. */
const slackMs = 5_000;
/** There is a look at the whole index at least so often. */
const longestMs = 5_000;

/**
 * From which date on scheduled tasks are looked for. What was due before has been promoted, and MongoDB keeps its keys in
 * the index for five minutes more: a look from the beginning would step over each of them. What is scheduled for a date
 * before it all the same is found by a look at the whole index, now and then.
 */
export class DueFloor {
  private from = Number.NEGATIVE_INFINITY;
  /** Of the promotion that began last: the floor once it is done. */
  private promotion = { from: Number.NEGATIVE_INFINITY };
  private wholeAt = 0;

  /** Looks from the floor on or, without a date, from the beginning. */
  async read<Found>(look: (from?: Date) => Promise<Found>): Promise<Found> {
    const began = performance.now();
    if (Number.isFinite(this.from) && began < this.wholeAt) return look(new Date(this.from));
    const found = await look();
    const ended = performance.now();
    this.wholeAt = ended + restAfter(ended - began, longestMs);
    return found;
  }

  /**
   * A promotion of all that is due by a date begins. Looks begin at that date once it is done, or where a task was
   * scheduled meanwhile: that task may be missing in what the promotion has read.
   *
   * @returns what to call when all of it has been promoted. Where another promotion has begun since, that one says so.
   */
  promoting(until: Date): () => void {
    const promotion = { from: until.getTime() - slackMs };
    this.promotion = promotion;
    return () => {
      if (this.promotion === promotion) this.from = promotion.from;
    };
  }

  /** A task is scheduled for this date. */
  scheduled(date: Date): void {
    this.lower(date.getTime());
  }

  /** Any date may have become another one. */
  datesChanged(): void {
    this.lower(Number.NEGATIVE_INFINITY);
  }

  private lower(to: number): void {
    this.from = Math.min(this.from, to);
    this.promotion.from = Math.min(this.promotion.from, to);
  }
}
