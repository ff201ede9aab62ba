import { Random } from 'meteor/random';
import type { FileStore } from '../../../infra/database';
import { TaskQueue } from '../../../infra/queue';
import { maxReportsAtOnce, maxReportsKept, type Report } from '../../tasks/reports/documents';
import { badInput, notFound } from '../errors';
import { addOrUndo } from '../tasks/add-or-undo';
import { liveAmong } from '../tasks/collection';
import { notRetriable } from '../tasks/retry';
import { addInFreeSlot } from '../tasks/slots';
import { Reports } from './collection';
import { rowsProblem } from './schema';

/** Asks for a report and gives its id, which is its task's as well. */
export async function build(owner: string, rows: number): Promise<string> {
  const problem = rowsProblem(rows);
  if (problem) throw badInput(problem);
  const report = { _id: Random.id(), owner, rows, createdAt: new Date() };
  await Reports.insertAsync(report);
  await addOrUndo(
    () => addTask(report),
    () => Reports.removeAsync(report._id),
  );
  return report._id;
}

/**
 * Asks again for a report that was not built: a new task takes the place of the one that has ended, since that one's slot
 * may be another report's by now.
 *
 * @throws Meteor.Error `not-retriable` where it is built, or waits or runs already; `too-many`.
 */
export async function rebuild(report: Report): Promise<void> {
  if (report.file || (await liveAmong([report._id])).size > 0) throw notRetriable();
  await addTask(report);
}

function addTask({ _id, owner, rows }: Report): Promise<string> {
  return addInFreeSlot(
    { _id, taskType: 'buildReport', data: { rows, owner } },
    {
      key: `report:${owner}`,
      count: maxReportsAtOnce,
      full: `${maxReportsAtOnce} of your reports are being built. Wait for one to finish.`,
    },
  );
}

/** The visitor's own report. @throws Meteor.Error `not-found`. */
export async function ownReport(owner: string, id: string): Promise<Report> {
  const report = await Reports.findOneAsync({ _id: id, owner });
  if (!report) throw notFound('report');
  return report;
}

/** Takes a report away: what is being built stops, what is built is deleted. */
export async function remove(report: Report, files: FileStore): Promise<void> {
  await Reports.removeAsync(report._id);
  if ((await liveAmong([report._id])).size > 0) await TaskQueue.cancel(report._id);
  if (report.file) await files.remove(report.file.id);
}

/** Removes the owner's oldest finished reports beyond what is kept. */
export async function makeRoom(owner: string, files: FileStore): Promise<void> {
  const old = await Reports.find({ owner }, { sort: { createdAt: -1 }, skip: maxReportsKept }).fetchAsync();
  const busy = await liveAmong(old.map(({ _id }) => _id));
  for (const report of old) if (!busy.has(report._id)) await remove(report, files);
}
