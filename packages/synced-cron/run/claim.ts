import { type Clock, pause } from '../clock';
import type { Entry } from '../entry';
import { type Log, messageOf } from '../log';
import type { HistoryRecord } from '../store/history';
import type { Lease, Leases, SeenLease } from '../store/leases';
import type { Store } from '../store/store';

const lookAgainMs = 250;
/** A late run may wait for hours: the longer it waits, the less often it checks. */
const maxLookAgainMs = 2000;
/** How long a run waits while others of its entry get ahead, but at least two leases. */
const giveWayMs = 10_000;
const retryMs = 1000;
/** How long to retry for the same run while the database can't be reached. */
const giveUpMs = 60_000;

/** A run that this process has won: its record in the history, and its lease. */
export interface Held {
  record: HistoryRecord;
  key: string;
  token: string;
}

/**
 * `again`: a process has or had the run; `busy`: the entry's last run is still at work; `stopped`: by `pause`; `leftOut`:
 * by the host.
 */
export type Refused = { refused: 'again' | 'busy' | 'stopped' | 'failed' | 'leftOut' };

export interface RunOptions {
  /** Waits for the entry however long its last run takes, instead of giving way to it. */
  patient: boolean;
  /** Whether to go on waiting for the entry. */
  isActive(): boolean;
  /** Whether the host leaves this run out: asked again as long as the run waits. Default: no. */
  isLeftOut?(): Promise<boolean>;
}

interface ClaimOptions extends RunOptions {
  /** Runs an occurrence of a dead process again; resolves when that has ended. */
  rescue(lease: Lease): Promise<void>;
}

/**
 * Wins a run for this process, or finds that another one has it. The lease comes before the record: a process that dies
 * in between leaves a lease that names the run, and the process that finds it expired runs it.
 */
export class Claim {
  private seen: SeenLease | undefined;
  private failingSince: number | undefined;
  /** Since when it has found the entry at work, by a monotonic clock. */
  private waitsSince: number | undefined;
  private readonly key: string;

  constructor(
    private readonly entry: Entry,
    private readonly intendedAt: Date,
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly options: ClaimOptions,
  ) {
    this.key = entry.allowParallelExecution ? `${entry.name}@${intendedAt.toISOString()}` : entry.name;
  }

  async win(): Promise<Held | Refused> {
    for (;;) {
      try {
        const outcome = await this.attempt();
        if (outcome) return outcome;
      } catch (error) {
        if (!this.mayRetry(error)) return { refused: 'failed' };
        this.waitsSince = undefined;
        await pause(retryMs);
        continue;
      }
      if (!this.options.isActive()) return { refused: 'stopped' };
      await pause(this.options.patient ? Math.min(lookAgainMs + this.waited / 10, maxLookAgainMs) : lookAgainMs);
    }
  }

  private async attempt(): Promise<Held | Refused | undefined> {
    const { store, entry, intendedAt, key } = this;
    await store.ready();
    if (await store.history.find(entry.name, intendedAt)) return { refused: 'again' };
    if (await this.options.isLeftOut?.()) return { refused: 'leftOut' };
    const token = await store.leases.acquire({ key, name: entry.name, intendedAt });
    return token ? this.record(token) : this.standBack();
  }

  private async record(token: string): Promise<Held | Refused> {
    const { store, entry, intendedAt, key, clock } = this;
    const record = await store.history.claim(entry.name, intendedAt, new Date(clock.now()));
    if (record) return { record, key, token };
    await store.leases.release(key, token);
    return { refused: 'again' };
  }

  /** Another run holds the entry: decides whether to give way, to wait, or to take over from a dead process. */
  private async standBack(): Promise<Held | Refused | undefined> {
    this.waitsSince ??= performance.now();
    const lease = await this.store.leases.look(this.key);
    if (!lease) return undefined;
    if (lease.expired) {
      await this.options.rescue(lease);
      return undefined;
    }
    if (lease.intendedAt.getTime() === this.intendedAt.getTime()) return { refused: 'again' };
    const longest = this.entry.timeoutToConsiderRunningForParallelExecution;
    if (longest !== undefined && lease.heldMs >= longest) return this.displace(lease);
    if (!this.options.patient && this.isBusy(lease)) return { refused: 'busy' };
    if (this.seen?.token !== lease.token) this.seen = lease;
    return undefined;
  }

  private isBusy({ token, until }: SeenLease): boolean {
    // A renewed lease shows that its process lives and that its run goes on. Until then the run may just be finishing.
    const alive = this.seen?.token === token && until > this.seen.until;
    // Jobs are a bit slower than their schedule: each lease is a new one, and ever more runs would wait.
    return alive || this.waited > Math.max(giveWayMs, 2 * this.store.leases.leaseMs);
  }

  private get waited(): number {
    return performance.now() - (this.waitsSince ?? performance.now());
  }

  private async displace(lease: Lease): Promise<Held | Refused | undefined> {
    const token = await this.store.leases.displace(lease, this.intendedAt);
    if (!token) return undefined;
    this.log.info(`Previous run of "${this.entry.name}" exceeded its timeout: starting the next beside it.`);
    return this.record(token);
  }

  private mayRetry(error: unknown): boolean {
    const { entry, log } = this;
    if (this.failingSince === undefined) {
      this.failingSince = performance.now();
      log.warn(`Can't start "${entry.name}" (${messageOf(error)}): trying again.`);
    }
    const isActive = this.options.isActive() && performance.now() - this.failingSince < giveUpMs;
    if (!isActive)
      log.error(`Gave up starting "${entry.name}" of ${this.intendedAt.toISOString()}: ${messageOf(error)}`);
    return isActive;
  }
}

/**
 * Renews a lease while its run is at work. It uses real timers, since it has to keep ahead of the database's clock.
 *
 * @returns a function that gives the lease back; if that fails, the lease runs out by itself.
 */
export function keepLease(leases: Leases, { key, token, record }: Held, log: Log): () => Promise<void> {
  const everyMs = leases.leaseMs / 4;
  let ended = false;
  let timer = setTimeout(renew, everyMs);

  async function renew(): Promise<void> {
    const from = performance.now();
    const kept = await leases.renew(key, token).catch(error => {
      log.warn(`Can't renew the lease on "${record.name}": ${messageOf(error)}`);
      return true;
    });
    // To wait for a call without an answer takes most of a lease: the next one comes at once, before it is over.
    if (kept && !ended) timer = setTimeout(renew, Math.max(0, everyMs - (performance.now() - from)));
  }

  return async () => {
    ended = true;
    clearTimeout(timer);
    await leases.release(key, token).catch(error => {
      log.warn(`Can't give back the lease on "${record.name}": ${messageOf(error)}`);
    });
  };
}
