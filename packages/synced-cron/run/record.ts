import { type Log, messageOf, stackOf } from '../log';
import type { History, HistoryRecord } from '../store/history';
import type { Refused } from './claim';

/** What became of a run. */
export type RunOutcome =
  | { status: 'finished'; intendedAt: Date; result: unknown }
  | { status: 'failed'; intendedAt: Date; error: unknown }
  | { status: 'skipped'; intendedAt: Date; reason: Refused['refused'] };

/** Writes the end of a run into its record. What can't be written is said; it never rejects. */
export async function recordRun(
  history: History,
  record: HistoryRecord,
  run: RunOutcome,
  finishedAt: Date,
  log: Log,
): Promise<void> {
  try {
    const kept = await history.finish(record, { finishedAt, ...fieldsOf(run) });
    if (!kept) log.warn(`"${record.name}" was run by another process as well: this one was silent for too long.`);
  } catch (error) {
    // A value that MongoDB can't hold must not leave the run unfinished in the history.
    log.warn(`What "${record.name}" gave can't be kept in the history: ${messageOf(error)}`);
    const text = run.status === 'failed' ? { error: String(run.error) } : {};
    await history
      .finish(record, { finishedAt, ...text })
      .catch(again => log.error(`Can't record "${record.name}": ${messageOf(again)}`));
  }
}

function fieldsOf(run: RunOutcome): object {
  if (run.status === 'failed') return { error: stackOf(run.error) ?? String(run.error) };
  return run.status === 'finished' && run.result !== undefined ? { result: run.result } : {};
}
