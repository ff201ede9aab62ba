import { maxReportRows } from '../../tasks/reports/documents';

export type { Report } from '../../tasks/reports/documents';

const most = maxReportRows.toLocaleString('en');

/** What is wrong with a number of rows, in words for the person who typed it; undefined where nothing is. */
export function rowsProblem(rows: number): string | undefined {
  if (Number.isInteger(rows) && rows >= 1 && rows <= maxReportRows) return undefined;
  return `Rows must be a whole number from 1 to ${most}, not ${describe(rows)}.`;
}

function describe(rows: number): string {
  return Number.isNaN(rows) ? 'that' : rows.toLocaleString('en', { maximumFractionDigits: 3 });
}
