import { type Log, messageOf, stackOf, textOf } from '../log';
import { isOutOfReach } from '../store/errors';
import type { History, HistoryRecord } from '../store/history';
import type { Refused } from './claim';
import { pause } from './pause';

const retryMs = 1000;
/** For so long a database that can't be reached is asked again: a run that is not recorded is run again. */
const giveUpMs = 300_000;

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
  const finish = (fields: object) => untilReached(() => history.finish(record, { finishedAt, ...fields }));
  try {
    const kept = await finish(fieldsOf(run));
    if (!kept) log.warn(`"${record.name}" was run by another process as well: this one was silent for too long.`);
  } catch (error) {
    // A value that MongoDB can't hold must not leave the run unfinished in the history.
    log.warn(`What "${record.name}" gave can't be kept in the history: ${messageOf(error)}`);
    const text = run.status === 'failed' ? { error: textOf(run.error) } : {};
    await finish(text).catch(again => log.error(`Can't record "${record.name}": ${messageOf(again)}`));
  }
}

async function untilReached<T>(write: () => Promise<T>): Promise<T> {
  const since = performance.now();
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!isOutOfReach(error) || performance.now() - since > giveUpMs) throw error;
    }
    await pause(retryMs);
  }
}

function fieldsOf(run: RunOutcome): object {
  if (run.status === 'failed') return { error: stackOf(run.error) };
  return run.status === 'finished' && run.result !== undefined ? { result: run.result } : {};
}
