import { types } from 'node:util';
import { pause } from '../clock';
import { isError } from '../errors/plain-error';
import { normalForm, resultLimits } from '../form/normal-form';
import { type Log, messageOf, wordsOf } from '../log';
import { isRefused } from '../store/errors';
import type { History, HistoryRecord } from '../store/history';
import type { Refused } from './claim';

const retryMs = 1000;
/** How long to retry while the database can't be reached: without its record, the run would happen again. */
const giveUpMs = 300_000;

const limits = { ...resultLimits, isProxy: types.isProxy };

/** The outcome of a run. */
export type RunOutcome =
  | { status: 'finished'; intendedAt: Date; result: unknown }
  | { status: 'failed'; intendedAt: Date; error: unknown }
  | { status: 'skipped'; intendedAt: Date; reason: Refused['refused'] };

/** Writes the end of a run into its record. Logs a failure to write; never rejects. */
export async function recordRun(
  history: History,
  record: HistoryRecord,
  run: RunOutcome,
  finishedAt: Date,
  log: Log,
): Promise<void> {
  const { name } = record;
  const about = { entry: name, intendedAt: run.intendedAt };
  const finish = (fields: object) => untilReached(() => history.finish(record, { finishedAt, ...fields }));
  const { fields, problems } = keptOf(run);
  if (problems.length > 0) log.warn(notKept(name, problems.join('; ')), about);
  try {
    const end = await finish(fields);
    if (end === 'lost')
      log.warn(`"${name}" was run by another process as well: this one was silent for too long.`, about);
    if (end === 'renewed')
      log.warn(`"${name}" ran for longer than its record is kept (collectionTTL): it is written anew.`, about);
  } catch (error) {
    if (!isRefused(error)) return log.error(notRecorded(name, error), about);
    // A value that MongoDB can't hold must not leave the run unfinished in the history.
    log.warn(notKept(name, messageOf(error)), about);
    const text = run.status === 'failed' ? { error: wordsOf(run.error) } : {};
    await finish(text).catch(again => log.error(notRecorded(name, again), about));
  }
}

async function untilReached<T>(write: () => Promise<T>): Promise<T> {
  const since = performance.now();
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (isRefused(error) || performance.now() - since > giveUpMs) throw error;
    }
    await pause(retryMs);
  }
}

/** What the history keeps of a run, and the problems with the rest: one line each, with the path. */
function keptOf(run: RunOutcome): { fields: object; problems: readonly string[] } {
  if (run.status === 'failed') return { fields: { error: errorOf(run.error) }, problems: [] };
  if (run.status === 'skipped') return { fields: {}, problems: [] };
  const { value, problems } = normalForm(run.result, 'result', limits);
  return { fields: value === undefined ? {} : { result: value }, problems };
}

/** An error's stack, thrown plain data as it is, or a description of anything else. */
function errorOf(thrown: unknown): unknown {
  if (isError(thrown) || typeof thrown === 'string') return wordsOf(thrown);
  const { value, problems } = normalForm(thrown, 'error', limits);
  return problems.length > 0 || value === undefined || value === null ? wordsOf(thrown) : value;
}

function notKept(name: string, why: string): string {
  return `What "${name}" gave can't be kept in the history: ${why}`;
}

function notRecorded(name: string, error: unknown): string {
  return `Can't record "${name}": ${messageOf(error)}`;
}
