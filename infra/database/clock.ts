import type { Db } from 'mongodb';

/** Tells the time by which leases, due dates and deadlines are judged. Tests give one that they set themselves. */
export interface Clock {
  now(): Date;
}

/**
 * The database's clock, by the offset of this machine's own: a wrong clock on one machine harms nobody.
 * `measure` (one command), or `learn` from a reply that carries the database's time, refresh the offset.
 */
export class DatabaseClock implements Clock {
  private offset = 0;

  constructor(private readonly db: Db) {}

  /** By how many milliseconds the database is ahead of this machine. */
  get offsetMs(): number {
    return this.offset;
  }

  now(): Date {
    return new Date(Date.now() + this.offset);
  }

  /** Asks the database what time it is. */
  async measure(): Promise<void> {
    const asked = Date.now();
    const { localTime } = await this.db.command({ hello: 1 });
    this.learn(localTime as Date, asked);
  }

  /**
   * Takes the database's time from a reply to what was asked at `asked` (this machine's milliseconds). The truth lies
   * between asking and now; an offset of less than that uncertainty is taken for none.
   */
  learn(databaseTime: Date, asked: number): void {
    const answered = Date.now();
    const uncertainty = (answered - asked) / 2;
    const offset = databaseTime.getTime() - (asked + uncertainty);
    this.offset = Math.abs(offset) <= uncertainty + 1 ? 0 : Math.round(offset);
  }
}
