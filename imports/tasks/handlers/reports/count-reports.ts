import type { Db } from 'mongodb';
import { type Report, reportsCollection } from '../../reports/documents';

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
