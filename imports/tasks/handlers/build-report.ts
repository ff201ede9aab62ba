import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import ExcelJS from 'exceljs';
import type { Handler, HandlerContext } from '../../../infra/workers/handler';
import { collections, type FileLink, type Report, type Sale } from '../documents';
import { ensureSales } from '../sales';

export const xlsxType = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

/** How many rows are written between two looks at the signal, the stream and the progress. */
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
  await ensureSales(context.db, rows, context.signal, stored =>
    context.progress(0, `preparing the books: ${howFar(stored, rows)} sales`),
  );
  const file = await writeWorkbook(rows, owner, context);
  await attach(task._id, file, context);
  return { file: file.id, rows, size: file.size };
};

async function writeWorkbook(rows: number, owner: string, context: HandlerContext): Promise<FileLink> {
  const stream = new PassThrough();
  // `put` listens once it reads; until then an error would end the process.
  stream.on('error', () => {});
  const name = `sales-${rows}-rows.xlsx`;
  const stored = context.files.put(stream, { name, type: xlsxType, owner, kind: 'report' });
  // Whichever side fails takes the other one with it: neither waits for what never comes.
  stored.catch(error => stream.destroy(error));
  const written = fill(stream, stored, rows, context).catch(error => {
    stream.destroy(error);
    throw error;
  });
  const [file] = await settleBoth(stored, written);
  return { id: file.id, name, size: file.size };
}

/** Waits for both, so that nothing is still being written when the task is reported as failed. */
async function settleBoth<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [, b] = await Promise.allSettled([first, second]);
  if (b.status === 'rejected') throw b.reason;
  return Promise.all([first, second]);
}

async function fill(stream: PassThrough, stored: Promise<unknown>, rows: number, context: HandlerContext) {
  const book = new ExcelJS.stream.xlsx.WorkbookWriter({ stream, useStyles: true });
  const sheet = book.addWorksheet('Sales', { views: [{ state: 'frozen', ySplit: 1 }] });
  sheet.columns = columns;
  sheet.getRow(1).font = { bold: true };
  const sales = context.db.collection<Sale>(collections.sales);
  let written = 0;
  for await (const sale of sales.find().sort({ _id: 1 }).limit(rows)) {
    sheet.addRow(line(sale)).commit();
    written += 1;
    if (written % stride === 0) await rest(stream, written, rows, context);
  }
  sheet.commit();
  await Promise.race([book.commit(), stored]);
}

const columns: Partial<ExcelJS.Column>[] = [
  { header: 'No.', key: 'number', width: 10 },
  { header: 'Date', key: 'date', width: 18, style: { numFmt: 'yyyy-mm-dd hh:mm' } },
  { header: 'Region', key: 'region', width: 12 },
  { header: 'Customer', key: 'customer', width: 22 },
  { header: 'Product', key: 'product', width: 18 },
  { header: 'Quantity', key: 'quantity', width: 10 },
  { header: 'Unit price', key: 'unitPrice', width: 12, style: { numFmt: '#,##0.00' } },
  { header: 'Total', key: 'total', width: 12, style: { numFmt: '#,##0.00' } },
];

function line({ _id, ...sale }: Sale) {
  return { number: _id + 1, ...sale, total: Math.round(sale.quantity * sale.unitPrice * 100) / 100 };
}

/** Lets the zip and the database catch up: the workbook writer itself never says that it is ahead of them. */
async function rest(stream: PassThrough, written: number, rows: number, context: HandlerContext): Promise<void> {
  context.signal.throwIfAborted();
  context.progress(written / rows, `${howFar(written, rows)} rows`);
  await new Promise(resolve => setImmediate(resolve));
  if (stream.writableNeedDrain && !stream.destroyed) await Promise.race([once(stream, 'drain'), once(stream, 'close')]);
  if (stream.errored) throw stream.errored;
}

const howFar = (done: number, all: number) => `${done.toLocaleString('en')} of ${all.toLocaleString('en')}`;

/** A report that its owner has thrown away meanwhile keeps no file; one that was built before keeps only the new one. */
async function attach(reportId: string, file: FileLink, context: HandlerContext): Promise<void> {
  const reports = context.db.collection<Report>(collections.reports);
  const before = await reports.findOneAndUpdate({ _id: reportId }, { $set: { file } });
  const unwanted = before ? before.file?.id : file.id;
  if (unwanted) await context.files.remove(unwanted);
}
