import { Readable } from 'node:stream';
import type { ReadableStream as NodeStream } from 'node:stream/web';
import { writeXlsxStream } from 'hucre';
import type { Handler, HandlerContext } from '../../../../infra/workers/handler';
import { type FileLink, type Report, reportsCollection, type Sale, salesCollection } from '../../reports/documents';
import { ensureSales } from './sales';

export const xlsxType = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

/** How many rows are written between two looks at the signal and the progress. */
const stride = 500;

/**
 * Builds an Excel file of the first `rows` sales and hangs it on its report. Nothing is held in memory as a whole: rows
 * come by a cursor, the workbook goes into GridFS as it grows.
 *
 * Safe to run again: each run writes a file of its own, and the report takes the one that was finished last.
 */
export const handler: Handler<'buildReport'> = async (task, context) => {
  const { rows, owner } = task.data;
  context.progress(0, 'preparing the books');
  let done = 0;
  await ensureSales(context.db, rows, context.signal, stored => {
    done = shareOfBooks * (stored / rows);
    context.progress(done, 'preparing the books');
  });
  const file = await writeWorkbook(rows, owner, context, done);
  await attach(task._id, file, context);
  return { file: file.id, rows, size: file.size };
};

/** @param from how far the task is already. */
async function writeWorkbook(rows: number, owner: string, context: HandlerContext, from: number): Promise<FileLink> {
  const name = `sales-${rows}-rows.xlsx`;
  const sheet = { name: 'Sales', columns, freezePane: { rows: 1 } };
  const bytes = Readable.fromWeb(writeXlsxStream(lines(rows, context, from), sheet) as NodeStream);
  const { id, size } = await context.files.put(bytes, { name, type: xlsxType, owner, kind: 'report' });
  return { id, name, size };
}

/** The rows, one after the other as the workbook takes them: a slow database slows the reading down. */
async function* lines(rows: number, context: HandlerContext, from: number) {
  const sales = context.db.collection<Sale>(salesCollection);
  let written = 0;
  for await (const sale of sales.find().sort({ _id: 1 }).limit(rows)) {
    yield line(sale);
    written += 1;
    if (written % stride === 0) await rest(from + (1 - from) * (written / rows), context);
  }
}

const columns = [
  { header: 'No.', key: 'number', width: 10 },
  { header: 'Date', key: 'date', width: 18, numFmt: 'yyyy-mm-dd hh:mm' },
  { header: 'Region', key: 'region', width: 12 },
  { header: 'Customer', key: 'customer', width: 22 },
  { header: 'Product', key: 'product', width: 18 },
  { header: 'Quantity', key: 'quantity', width: 10 },
  { header: 'Unit price', key: 'unitPrice', width: 12, numFmt: '#,##0.00' },
  { header: 'Total', key: 'total', width: 12, numFmt: '#,##0.00' },
];

function line({ _id, ...sale }: Sale): Record<string, unknown> {
  return { number: _id + 1, ...sale, total: Math.round(sale.quantity * sale.unitPrice * 100) / 100 };
}

/** Looks at the signal, says how far it is, and lets messages of the role get their turn. */
async function rest(fraction: number, context: HandlerContext): Promise<void> {
  context.signal.throwIfAborted();
  context.progress(fraction, 'writing');
  await new Promise(resolve => setImmediate(resolve));
}

/** Where the books have to be prepared first, that is so much of the way. */
const shareOfBooks = 0.2;

/** A report that its owner has thrown away meanwhile keeps no file; one that was built before keeps only the new one. */
async function attach(reportId: string, file: FileLink, context: HandlerContext): Promise<void> {
  const reports = context.db.collection<Report>(reportsCollection);
  const before = await reports.findOneAndUpdate({ _id: reportId }, { $set: { file } });
  const unwanted = before ? before.file?.id : file.id;
  if (unwanted) await context.files.remove(unwanted);
}
