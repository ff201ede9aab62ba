import type { Log } from '../log';
import type { History, HistoryRecord } from '../store/history';
import type { Lease } from '../store/leases';

/** A job whose process died so often is not run again: it is likely to be what kills them. */
const mostAttempts = 3;

/** @returns the record for the next attempt at a run whose process died, or undefined when there is to be none */
export async function startAgain(
  history: History,
  { name, intendedAt }: Lease,
  now: Date,
  log: Log,
): Promise<HistoryRecord | undefined> {
  const before = await history.find(name, intendedAt);
  // It died before it had noted the start, or after it had noted the end.
  if (!before) return history.claim(name, intendedAt, now);
  if (before.finishedAt) return undefined;
  const { attempts = 1 } = before;
  if (attempts < mostAttempts) return history.restart(before, now);
  const error = `not run again: ${attempts} processes died at it`;
  await history.finish(before, { finishedAt: now, error });
  log.error(`Exception "${name}" ${error}`, { event: 'failed', entry: name, intendedAt });
  return undefined;
}
