import type { Db } from 'mongodb';
import type { StoredFile } from '../../../infra/database';

/** A report that a visitor asked for. Its task has the same `_id`. */
export interface Report {
  _id: string;
  owner: string;
  rows: number;
  createdAt: Date;
  /** Set once a worker has built it. */
  file?: FileLink;
}

/** A file in GridFS, as a document points to it. */
export type FileLink = Pick<StoredFile, 'id' | 'name' | 'size'>;

/** One line of the shop's books: what a report is made of. Its `_id` is its place in the books, from 0. */
export interface Sale {
  _id: number;
  date: Date;
  region: string;
  customer: string;
  product: string;
  quantity: number;
  unitPrice: number;
}

/** The names of the collections. */
export const reportsCollection = 'reports';
export const salesCollection = 'sales';

/** Such as `2 reports of 1,500 rows`; nothing where nobody asked for one. */
export async function countReports(db: Db, createdAt: { $gte: Date; $lt: Date }): Promise<string | undefined> {
  const reports = db.collection<Report>(reportsCollection).find({ createdAt });
  const asked = await reports.project<{ rows: number }>({ rows: 1 }).toArray();
  const rows = asked.reduce((sum, report) => sum + report.rows, 0);
  return asked.length === 0 ? undefined : `${plural(asked.length, 'report')} of ${plural(rows, 'row')}`;
}

function plural(n: number, word: string): string {
  return `${n.toLocaleString('en')} ${word}${n === 1 ? '' : 's'}`;
}

/** The largest report, in rows. */
export const maxReportRows = 200_000;

/** How many reports a visitor keeps: the oldest finished ones make room for new ones. */
export const maxReportsKept = 20;

/** How many reports of one visitor may wait or run at once. */
export const maxReportsAtOnce = 4;
