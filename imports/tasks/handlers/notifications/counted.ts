import type { Db } from 'mongodb';
import { countPictures } from '../pictures/count-pictures';
import { countReports } from '../reports/count-reports';

/** Counts what was asked for in a span, in words; nothing where there was none. */
type Counter = (db: Db, createdAt: { $gte: Date; $lt: Date }) => Promise<string | undefined>;

/** What a notification tells of, a line for each domain. */
export const counted: readonly Counter[] = [
  // In the order of the sentence.
  countReports,
  countPictures,
];
