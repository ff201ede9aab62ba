import { Meteor } from 'meteor/meteor';
import { Random } from 'meteor/random';
import type { FileStore } from '../../../infra/database';
import { TaskQueue } from '../../../infra/queue';
import type { Report } from '../../tasks/documents';
import { maxReportsAtOnce, maxReportsKept } from '../../tasks/limits';
import { badInput, notFound } from '../errors';
import { addOrUndo } from '../tasks/add-or-undo';
import { countLive, liveAmong } from '../tasks/of-visitor';
import { Reports } from './collection';
import { rowsProblem } from './schema';

/** Asks for a report and gives its id, which is its task's as well. */
export async function build(owner: string, rows: number): Promise<string> {
  const problem = rowsProblem(rows);
  if (problem) throw badInput(problem);
  await refuseCrowd(owner);
  const _id = Random.id();
  await Reports.insertAsync({ _id, owner, rows, createdAt: new Date() });
  await addOrUndo(
    () => TaskQueue.addTask({ _id, taskType: 'buildReport', data: { rows, owner } }),
    () => Reports.removeAsync(_id),
  );
  return _id;
}

async function refuseCrowd(owner: string): Promise<void> {
  if ((await countLive(owner, 'buildReport')) < maxReportsAtOnce) return;
  throw new Meteor.Error('too-many', `${maxReportsAtOnce} of your reports are being built. Wait for one to finish.`);
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
