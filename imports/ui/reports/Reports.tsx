import { useFind, useSubscribe } from 'meteor/react-meteor-data';
import React from 'react';
import { Reports as ReportsCollection } from '../../api/reports/collection';
import type { Report } from '../../api/reports/schema';
import { call } from '../call';
import { Empty, Panel } from '../components/Panel';
import { Cross, Problem } from '../components/Problem';
import { ProgressBar } from '../components/ProgressBar';
import { useAction } from '../components/use-action';
import { bytes, percent, plural, timeOfDay } from '../format';
import { canRetry, isLive, type LiveTask, useTask, waitsFor } from '../tasks';
import { ReportForm } from './ReportForm';

/** Ask for a workbook, watch it grow, download it. */
export function Reports() {
  const loading = useSubscribe('reports.mine');
  const reports = useFind(() => ReportsCollection.find({}, { sort: { createdAt: -1 } }), []);
  return (
    <Panel area="reports" title="Reports" hint="A worker writes the shop’s books into an Excel file.">
      <ReportForm />
      <ul className="rows">
        {reports.map(report => (
          <ReportRow key={report._id} report={report} />
        ))}
      </ul>
      {reports.length === 0 && <Empty>{loading() ? 'Looking for your reports …' : 'No report yet.'}</Empty>}
    </Panel>
  );
}

function ReportRow({ report }: { report: Report }) {
  // What is ready needs no task any more.
  const task = useTask(report.file ? undefined : report._id);
  const { run, busy, problem, setProblem } = useAction();
  const title = plural(report.rows, 'row');
  const act = (name: 'reports.retry' | 'reports.remove') => () => run(() => call(name, report._id));
  return (
    <li className="report" data-state={report.file ? 'ready' : (task.state ?? 'unknown')}>
      <div className="report-line">
        <div className="report-what">
          <strong>{title}</strong>
          <small>{stateOf(report, task)}</small>
        </div>
        {report.file && (
          <a className="button main small" href={`/files/${report.file.id}`} download={report.file.name}>
            Download
          </a>
        )}
        {isLive(task) && !report.file && (
          <button type="button" className="small" disabled={busy} onClick={() => run(task.cancel)}>
            Cancel
          </button>
        )}
        {canRetry(task) && !report.file && (
          <button type="button" className="small" disabled={busy} onClick={act('reports.retry')}>
            Try again
          </button>
        )}
        {!isLive(task) && (
          <button
            type="button"
            className="plain"
            disabled={busy}
            onClick={act('reports.remove')}
            aria-label={`Remove the report of ${title}`}
          >
            <Cross />
          </button>
        )}
      </div>
      {isLive(task) && !report.file && <ProgressBar label={`Report of ${title}`} fraction={task.progress?.fraction} />}
      {task.state === 'failed' && !report.file && <Problem>{task.error?.message ?? 'It failed.'}</Problem>}
      <Problem onDismiss={() => setProblem(undefined)}>{problem}</Problem>
    </li>
  );
}

function howFar(progress: LiveTask['progress']): string | undefined {
  const { fraction = 0, note } = progress ?? {};
  return note && fraction >= 0.01 ? `${note} · ${percent(fraction)}` : note;
}

function stateOf(report: Report, task: LiveTask): string {
  if (report.file) return `${bytes(report.file.size)} · asked for at ${timeOfDay(report.createdAt)}`;
  switch (task.state) {
    case 'running':
      return howFar(task.progress) ?? 'a worker has begun';
    case 'waiting':
      return 'waiting for others';
    case 'scheduled':
      return `tries again soon${task.error ? `, after: ${task.error.message}` : ''}`;
    case 'queued':
      return waitsFor(task);
    case 'done':
      return 'just finished';
    case 'failed':
      return 'failed';
    case 'cancelled':
      return 'cancelled';
    case 'rejected':
      return 'rejected: it could not be verified';
    default:
      return `asked for at ${timeOfDay(report.createdAt)}`;
  }
}
