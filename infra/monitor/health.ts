import { kept } from './kept';
import type { ProcessIdentity } from './processes';

export type State = 'starting' | 'ready' | 'draining';

interface WorkersSeen {
  enabled: boolean;
  /** Worker processes; tasks that run in them; tasks that they could run at once; tasks that wait for one. */
  workers: number;
  busy: number;
  slots: number;
  waiting: number;
}

/** What /healthz answers. */
export interface HealthReport {
  status: 'ok' | 'starting' | 'draining' | 'cut off from the database';
  role: string;
  version: string;
  commit: string;
  uptimeSeconds: number;
  database: { connected: boolean; latencyMs: number | null };
  queue: Record<string, number> | null;
  workers: WorkersSeen | null;
  link: string | null;
  /** Task types that no living role takes: tasks of these wait. */
  untakenTypes: string[] | null;
}

export interface HealthSources {
  identity: ProcessIdentity;
  database: { connected(): boolean; latencyMs(): number };
  /** Tasks by state; from kept counters, never from a scan. */
  queueCounts?: () => Promise<Record<string, number>>;
  workers?: () => WorkersSeen;
  link?: () => string;
  /** The task types that this role runs. */
  taskTypes?: () => readonly string[];
  /** Task types that no living role takes. */
  untakenTypes?: () => Promise<string[]>;
}

/** Counts are asked for once in this time at most, however often /healthz is. */
const countsKept = { forMs: 1_000, waitMs: 1_000 };

/** Says whether this process can do its work: 503 while it starts, drains or is cut off from the database. */
export class Health {
  state: State = 'starting';
  private readonly counts = kept(async () => this.sources.queueCounts!(), countsKept);

  private readonly untaken = kept(async () => this.sources.untakenTypes!(), countsKept);

  constructor(private readonly sources: HealthSources) {}

  async report(): Promise<{ code: 200 | 503; body: HealthReport }> {
    const { identity, database, queueCounts, workers, link, untakenTypes } = this.sources;
    const connected = database.connected();
    const status = this.status(connected);
    const body: HealthReport = {
      status,
      role: identity.role,
      version: identity.version,
      commit: identity.commit,
      uptimeSeconds: Math.round(process.uptime()),
      database: { connected, latencyMs: Number.isNaN(database.latencyMs()) ? null : database.latencyMs() },
      queue: connected && queueCounts ? await this.counts().catch(() => null) : null,
      workers: workers?.() ?? null,
      link: link?.() ?? null,
      untakenTypes: connected && untakenTypes ? await this.untaken().catch(() => null) : null,
    };
    return { code: status === 'ok' ? 200 : 503, body };
  }

  private status(connected: boolean): HealthReport['status'] {
    if (this.state !== 'ready') return this.state;
    return connected ? 'ok' : 'cut off from the database';
  }
}
