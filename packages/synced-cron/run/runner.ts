import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../clock';
import { type Entry, isShared } from '../entry';
import { type Log, wordsOf } from '../log';
import type { History, HistoryRecord } from '../store/history';
import type { Lease } from '../store/leases';
import type { Store } from '../store/store';
import { Claim, type Held, keepLease, type Refused, type RunOptions } from './claim';
import { type RunOutcome, recordRun } from './record';

interface RunnerOptions {
  /** The shared store; called at the first run that needs one. */
  store(): Store;
  clock: Clock;
  log: Log;
  /** The entry of that name, as long as it is not removed. */
  entryOf(name: string): Entry | undefined;
}

/** Runs jobs: claim → work → record. */
export class Runner {
  private readonly atWork = new Set<Promise<unknown>>();
  /** Entries without a history that run in this process. */
  private readonly unshared = new Set<string>();
  /** The tokens of the leases that runs of this process hold. */
  private readonly holding = new Set<string>();
  private readonly inJob = new AsyncLocalStorage<true>();

  constructor(private readonly options: RunnerOptions) {}

  /** Resolves when no job runs in this process any more; at once for a call from a job, which would wait for itself. */
  async idle(): Promise<void> {
    if (this.inJob.getStore()) return;
    while (this.atWork.size > 0) await Promise.allSettled(this.atWork);
  }

  /** Runs one occurrence, if this process wins it. An error of the job never rejects it. */
  run(entry: Entry, intendedAt: Date, options: RunOptions): Promise<RunOutcome> {
    const run = isShared(entry)
      ? this.runShared(entry, intendedAt, options)
      : this.runUnshared(entry, intendedAt, options);
    return this.tracked(run);
  }

  /** Runs an occurrence again that a dead process left in the middle, if this process is the first to see it. */
  rescue(lease: Lease): Promise<void> {
    return this.tracked(this.takeOver(this.options.store(), lease));
  }

  private async runUnshared(entry: Entry, intendedAt: Date, { isLeftOut }: RunOptions): Promise<RunOutcome> {
    if (await isLeftOut?.()) return this.skipped(entry, intendedAt, 'leftOut');
    if (this.unshared.has(entry.name) && !entry.allowParallelExecution) return this.skipped(entry, intendedAt, 'busy');
    this.unshared.add(entry.name);
    try {
      return await this.work(entry, intendedAt);
    } finally {
      this.unshared.delete(entry.name);
    }
  }

  private async runShared(entry: Entry, intendedAt: Date, options: RunOptions): Promise<RunOutcome> {
    const { clock, log } = this.options;
    const store = this.options.store();
    const rescue = (lease: Lease) => this.takeOver(store, lease);
    const held = await new Claim(entry, intendedAt, store, clock, log, { ...options, rescue }).win();
    return 'refused' in held ? this.skipped(entry, intendedAt, held.refused) : this.runHeld(store, entry, held);
  }

  private async runHeld(store: Store, entry: Entry, held: Held): Promise<RunOutcome> {
    const { log, clock } = this.options;
    const release = keepLease(store.leases, held, log);
    this.holding.add(held.token);
    try {
      return await this.work(entry, held.record.intendedAt, ended =>
        recordRun(store.history, held.record, ended, new Date(clock.now()), log),
      );
    } finally {
      await release();
      this.holding.delete(held.token);
    }
  }

  private async work(entry: Entry, intendedAt: Date, record = async (_run: RunOutcome) => {}): Promise<RunOutcome> {
    const { log } = this.options;
    const { name } = entry;
    let run: RunOutcome;
    log.info(`Starting "${name}".`, { event: 'started', entry: name, intendedAt });
    try {
      const result = await this.inJob.run(true, () => entry.job(intendedAt, name));
      run = { status: 'finished', intendedAt, result };
      log.info(`Finished "${name}".`, { event: 'finished', entry: name, intendedAt });
    } catch (error) {
      run = { status: 'failed', intendedAt, error };
      log.error(`Exception "${name}" ${wordsOf(error)}`, { event: 'failed', entry: name, intendedAt });
    }
    await record(run);
    await this.tell(entry, run);
    return run;
  }

  private async tell(entry: Entry, run: RunOutcome): Promise<void> {
    const { name } = entry;
    const { intendedAt } = run;
    try {
      if (run.status === 'finished') await entry.onSuccess?.({ intendedAt, name, output: run.result });
      if (run.status === 'failed') await entry.onError?.({ intendedAt, name, error: run.error });
    } catch (error) {
      this.options.log.error(`Exception in what follows "${name}" ${wordsOf(error)}`, { entry: name, intendedAt });
    }
  }

  private async takeOver(store: Store, lease: Lease): Promise<void> {
    const { entryOf, log, clock } = this.options;
    const entry = entryOf(lease.name);
    // This process was suspended for longer than a lease, and finds its own run before it could renew: it is not dead.
    if (this.holding.has(lease.token)) return;
    const token = entry && (await store.leases.takeOver(lease));
    if (!entry || !token) return;
    const record = await startAgain(store.history, lease, new Date(clock.now()), log);
    if (!record) {
      await store.leases.release(lease._id, token);
      return;
    }
    log.warn(`Running "${lease.name}" again: ${lease.owner} died at it.`, { entry: lease.name });
    await this.runHeld(store, entry, { key: lease._id, token, record });
  }

  private skipped(entry: Entry, intendedAt: Date, reason: Refused['refused']): RunOutcome {
    const { log } = this.options;
    const about = { entry: entry.name, intendedAt };
    // Of what it leaves out, the host tells: it knows why, and need not say so each time.
    if (reason === 'again') log.info(`Not running "${entry.name}" again.`, { event: 'ranElsewhere', ...about });
    if (reason === 'busy') {
      log.info(`Skipping "${entry.name}": its last run is still at work (allowParallelExecution lets runs overlap).`, {
        event: 'skipped',
        ...about,
      });
    }
    return { status: 'skipped', intendedAt, reason };
  }

  /** `idle` waits for it as well. */
  tracked<T>(work: Promise<T>): Promise<T> {
    this.atWork.add(work);
    const done = () => this.atWork.delete(work);
    work.then(done, done);
    return work;
  }
}

/** After so many deaths a job is not run again: it is probably the cause. */
const mostAttempts = 3;

/** @returns the record for the next attempt at a run whose process died, or undefined if there is no next attempt */
async function startAgain(
  history: History,
  { name, intendedAt }: Lease,
  now: Date,
  log: Log,
): Promise<HistoryRecord | undefined> {
  const before = await history.find(name, intendedAt);
  // It died before it had recorded the start, or after it had recorded the end.
  if (!before) return history.claim(name, intendedAt, now);
  if (before.finishedAt) return undefined;
  const { attempts = 1 } = before;
  if (attempts < mostAttempts) return history.restart(before, now);
  const error = `not run again: ${attempts} processes died at it`;
  await history.finish(before, { finishedAt: now, error });
  log.error(`Exception "${name}" ${error}`, { event: 'failed', entry: name, intendedAt });
  return undefined;
}
