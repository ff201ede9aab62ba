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
  private wholeAt = 0;

  /** Looks from the floor on or, without a date, from the beginning. */
  async read<Found>(look: (from?: Date) => Promise<Found>): Promise<Found> {
    const began = performance.now();
    if (this.from !== Number.NEGATIVE_INFINITY && began < this.wholeAt) return look(new Date(this.from));
    const found = await look();
    const ended = performance.now();
    this.wholeAt = ended + restAfter(ended - began, longestMs);
    return found;
  }

  /** All that was due by then has been promoted. */
  promotedUntil(date: Date): void {
    this.from = date.getTime() - slackMs;
  }

  /** A task is scheduled for this date. */
  scheduled(date: Date): void {
    this.from = Math.min(this.from, date.getTime());
  }

  /** Any date may have become another one. */
  datesChanged(): void {
    this.from = Number.NEGATIVE_INFINITY;
  }
}
