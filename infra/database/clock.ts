import type { Db } from 'mongodb';

/** The clock that judges leases, due dates and deadlines. Tests use one that they set themselves. */
export interface Clock {
  now(): Date;
}

/**
 * The database's clock, by the offset of this machine's own, so that a wrong clock on one machine does no harm.
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
   * Takes the database's time from a reply to a call at `asked` (this machine's milliseconds). The reply's time lies
   * between that moment and now; an offset smaller than this uncertainty counts as none.
   */
  learn(databaseTime: Date, asked: number): void {
    const answered = Date.now();
    const uncertainty = (answered - asked) / 2;
    const offset = databaseTime.getTime() - (asked + uncertainty);
    this.offset = Math.abs(offset) <= uncertainty + 1 ? 0 : Math.round(offset);
  }
}
