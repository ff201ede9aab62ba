import { buffer } from 'node:stream/consumers';
import { readSheet } from 'read-excel-file/node';
import { saleAt } from '../../imports/tasks/handlers/reports/sales';
import { countReports, type Report, reportsCollection, salesCollection } from '../../imports/tasks/reports/documents';
import { FileStore } from '../../infra/database';
import { type TestDatabase, testDatabase } from '../support/database';
import { eventually } from '../support/eventually';
import { HandlerAttempt, taskOf } from '../support/handler-attempt';

let database: TestDatabase;
let files: FileStore;

beforeAll(async () => {
  database = await testDatabase();
  files = new FileStore(database.db);
});
afterAll(() => database.drop());

const reports = () => database.db.collection<Report>(reportsCollection);
const storedFiles = () => database.db.collection('files.files').countDocuments({ 'metadata.kind': 'report' });
const chunks = () => database.db.collection('files.chunks').countDocuments();

async function askFor(rows: number): Promise<HandlerAttempt> {
  const task = taskOf('buildReport', { rows, owner: 'ada' });
  await reports().insertOne({ _id: task._id, owner: 'ada', rows, createdAt: new Date() });
  return new HandlerAttempt(database.db, task);
}

/** The rows of the workbook, read by a library of other people than those who wrote it. */
async function sheetOf(attempt: HandlerAttempt): Promise<unknown[][]> {
  const report = await reports().findOne({ _id: attempt.task._id });
  return readSheet(await buffer(await files.open(report!.file!.id)), 'Sales');
}

test('builds a workbook that holds a head and each sale', async () => {
  const attempt = await askFor(2_500);
  expect(await attempt.outcome()).toMatchObject({ kind: 'done', value: { rows: 2_500 } });
  const sheet = await sheetOf(attempt);
  expect(sheet).toHaveLength(2_501);
  expect(sheet[0]).toEqual(['No.', 'Date', 'Region', 'Customer', 'Product', 'Quantity', 'Unit price', 'Total']);
  const { date, region, customer, product, quantity, unitPrice } = saleAt(2_499);
  const [number, when, ...rest] = sheet[2_500]!;
  // A workbook counts days as fractions, which round by a millisecond.
  expect([number, Math.round((when as Date).getTime() / 1_000)]).toEqual([2_500, date.getTime() / 1_000]);
  expect(rest).toEqual([region, customer, product, quantity, unitPrice, expect.closeTo(quantity * unitPrice, 2)]);
});

test('says how far it is, never going back', async () => {
  const attempt = await askFor(3_000);
  await attempt.outcome();
  expect(attempt.progress.length).toBeGreaterThan(3);
  expect(attempt.progress).toEqual([...attempt.progress].sort((a, b) => a - b));
});

test('belongs to the one who asked, with a name and a type', async () => {
  const attempt = await askFor(10);
  await attempt.outcome();
  const { file } = (await reports().findOne({ _id: attempt.task._id }))!;
  expect(await files.info(file!.id)).toMatchObject({
    owner: 'ada',
    kind: 'report',
    name: 'sales-10-rows.xlsx',
    type: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    size: file!.size,
  });
});

test('keeps one file when its task runs again', async () => {
  const attempt = await askFor(20);
  const before = await storedFiles();
  await attempt.outcome();
  await new HandlerAttempt(database.db, attempt.task).outcome();
  expect(await storedFiles()).toBe(before + 1);
  expect(await sheetOf(attempt)).toHaveLength(21);
});

test('leaves nothing behind when it is cancelled in the middle', async () => {
  const [filesBefore, chunksBefore] = [await storedFiles(), await chunks()];
  const attempt = await askFor(30_000);
  const outcome = attempt.outcome();
  await eventually(() => attempt.progress.some(fraction => fraction > 0), { timeoutMs: 30_000 });
  attempt.cancel();
  expect(await outcome).toMatchObject({ kind: 'aborted', reason: 'cancelled' });
  expect(await storedFiles()).toBe(filesBefore);
  expect(await chunks()).toBe(chunksBefore);
  expect(await reports().findOne({ _id: attempt.task._id })).not.toHaveProperty('file');
});

test('leaves no file behind when its report was removed meanwhile', async () => {
  const before = await storedFiles();
  const attempt = await askFor(1_000);
  await reports().deleteOne({ _id: attempt.task._id });
  expect((await attempt.outcome()).kind).toBe('done');
  expect(await storedFiles()).toBe(before);
});

test.each([-1, 0, 1e9, 1.5, Number.NaN])('refuses %p rows before it touches anything', async rows => {
  const outcome = await new HandlerAttempt(database.db, taskOf('buildReport', { rows, owner: 'ada' })).outcome();
  expect(outcome).toMatchObject({
    kind: 'failed',
    error: { message: expect.stringContaining('buildReport.data.rows') },
  });
});

test('fills holes that a crash has left in the last batch of the books', async () => {
  await database.db.collection(salesCollection).deleteMany({});
  await database.db
    .collection<{ _id: number }>(salesCollection)
    .insertMany([0, 1, 5, 900].map(n => saleAt(n) as never));
  const attempt = await askFor(1_000);
  await attempt.outcome();
  expect(await sheetOf(attempt)).toHaveLength(1_001);
});

test('is counted in words, one of a thing without an s', async () => {
  const createdAt = new Date('2026-03-01T12:00:00Z');
  const span = { $gte: createdAt, $lt: new Date(createdAt.getTime() + 1) };
  const add = (rows: number) => database.db.collection(reportsCollection).insertOne({ owner: 'ada', rows, createdAt });
  expect(await countReports(database.db, span)).toBeUndefined();
  await add(1);
  expect(await countReports(database.db, span)).toBe('1 report of 1 row');
  await add(20_000);
  expect(await countReports(database.db, span)).toBe('2 reports of 20,001 rows');
});
