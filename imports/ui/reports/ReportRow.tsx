import React from 'react';
import type { Report } from '../../api/reports/schema';
import type { VisitorTask } from '../../api/tasks/schema';
import { call } from '../call';
import { Cross, Problem } from '../components/Problem';
import { ProgressBar } from '../components/ProgressBar';
import { useAction } from '../components/use-action';
import { bytes, plural, timeOfDay } from '../format';
import { canRetry, isLive } from '../tasks';

interface ReportRowProps {
  report: Report;
  /** How its task is doing; undefined when it is history already, or not here yet. */
  task: VisitorTask | undefined;
}

export function ReportRow({ report, task }: ReportRowProps) {
  const { run, busy, problem, setProblem } = useAction();
  const title = plural(report.rows, 'row');
  const act = (name: 'reports.cancel' | 'reports.retry' | 'reports.remove') => () => run(() => call(name, report._id));
  return (
    <li className="report" data-state={report.file ? 'ready' : (task?.state ?? 'unknown')}>
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
          <button type="button" className="small" disabled={busy} onClick={act('reports.cancel')}>
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
      {isLive(task) && !report.file && <ProgressBar label={`Report of ${title}`} fraction={task?.progress?.fraction} />}
      {task?.state === 'failed' && !report.file && <Problem>{task.error?.message ?? 'It failed.'}</Problem>}
      <Problem onDismiss={() => setProblem(undefined)}>{problem}</Problem>
    </li>
  );
}

function stateOf(report: Report, task: VisitorTask | undefined): string {
  if (report.file) return `${bytes(report.file.size)} · asked for at ${timeOfDay(report.createdAt)}`;
  switch (task?.state) {
    case 'running':
      return task.progress?.note ?? 'a worker has begun';
    case 'scheduled':
      return `tries again soon${task.error ? `, after: ${task.error.message}` : ''}`;
    case 'queued':
      return 'waiting for a worker';
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
