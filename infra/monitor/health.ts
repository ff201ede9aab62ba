import { cached } from '../timing/cached';
import type { LivingRole, ProcessIdentity } from './processes';

export type State = 'starting' | 'ready' | 'draining';

interface WorkersSeen {
  enabled: boolean;
  /** Worker processes; tasks that run in them; tasks that they could run at once; tasks that wait for one. */
  workers: number;
  busy: number;
  slots: number;
  waiting: number;
  /** `failing`: there is no worker, and none has started for long. */
  starts: 'ok' | 'failing';
}

/** Whether the claims and writes of a jobs role succeed. */
interface DispatchSeen {
  unwritten: number;
  oldestUnwrittenMs: number;
  claimFailure: string | undefined;
  /** An end that is not written for so long is trouble: half a lease. */
  mayWaitMs: number;
}

/** What /healthz answers. */
export interface HealthReport {
  status:
    | 'ok'
    | 'starting'
    | 'draining'
    | 'cut off from the database'
    | 'ends of tasks can not be written'
    | 'no task can be claimed'
    | 'no worker can start';
  role: string;
  version: string;
  commit: string;
  uptimeSeconds: number;
  database: { connected: boolean; latencyMs: number | null };
  queue: Record<string, number> | null;
  /** Ends of tasks that are not written yet, the age of the oldest, and whether claims succeed. */
  dispatch: { unwrittenEnds: number; oldestUnwrittenSeconds: number; claims: 'ok' | 'failing' } | null;
  workers: WorkersSeen | null;
  link: string | null;
  /** Task types that no living role takes: tasks of these wait. */
  untakenTypes: string[] | null;
}

/** What /readyz answers. */
export interface Readiness {
  ready: boolean;
  status: 'ok' | 'starting' | 'draining' | 'cut off from the database';
  role: string;
  /** Tasks that want a jobs role now: queued, running, and those that are due and still scheduled. For autoscalers. */
  work: number | null;
  queue: Record<string, number> | null;
}

export interface HealthSources {
  identity: ProcessIdentity;
  database: { connected(): boolean; latencyMs(): number };
  /** Tasks by state; from kept counters, never from a scan. */
  queueCounts?: () => Promise<Record<string, number>>;
  /** Scheduled tasks that are due; from an index, and bounded. */
  overdue?: () => Promise<number>;
  dispatch?: () => DispatchSeen | undefined;
  workers?: () => WorkersSeen;
  link?: () => string;
  /** The task types that this role runs now. */
  taskTypes?: () => readonly string[];
  /** Which task types have held the event loop of this role, and for how long. */
  heldLoop?: () => readonly { taskType: string; longestMs: number; times: number }[];
  /** While the machine is overloaded: this role starts nothing below this priority. */
  minPriority?: () => number | undefined;
  /** Task types that no living role takes. */
  untakenTypes?: () => Promise<string[]>;
  /** The jobs roles that live. */
  livingRoles?: () => Promise<LivingRole[]>;
}

/** The shortest time between two reads of the counts, however often /healthz is asked for. */
const countsKept = { forMs: 1_000, waitMs: 1_000 };

/**
 * Reports whether this process can do its work: 503 while it starts, drains or is cut off from the database, and while
 * it can't claim tasks, write their ends or start a worker, however alive it looks.
 */
export class Health {
  state: State = 'starting';
  private readonly counts = cached(async () => this.sources.queueCounts!(), countsKept);

  private readonly untaken = cached(async () => this.sources.untakenTypes!(), countsKept);

  private readonly overdue = cached(async () => this.sources.overdue!(), countsKept);

  constructor(private readonly sources: HealthSources) {}

  async report(): Promise<{ code: 200 | 503; body: HealthReport }> {
    const { identity, database, queueCounts, workers, link, untakenTypes } = this.sources;
    const connected = database.connected();
    const dispatch = this.sources.dispatch?.();
    const seen = workers?.();
    const status = this.status(connected, dispatch, seen);
    const body: HealthReport = {
      status,
      role: identity.role,
      version: identity.version,
      commit: identity.commit,
      uptimeSeconds: Math.round(process.uptime()),
      database: { connected, latencyMs: Number.isNaN(database.latencyMs()) ? null : database.latencyMs() },
      queue: connected && queueCounts ? await this.counts().catch(() => null) : null,
      dispatch: dispatch ? asShown(dispatch) : null,
      workers: seen ?? null,
      link: link?.() ?? null,
      untakenTypes: connected && untakenTypes ? await this.untaken().catch(() => null) : null,
    };
    return { code: status === 'ok' ? 200 : 503, body };
  }

  /**
   * Whether this process may be given work: it has started, is not draining, and reaches its database. Unlike `report` it
   * stays ready while claims fail: to take its visitors or its link away would mend nothing.
   */
  async readiness(): Promise<{ code: 200 | 503; body: Readiness }> {
    const { identity, database, queueCounts, overdue } = this.sources;
    const connected = database.connected();
    const status = this.state !== 'ready' ? this.state : connected ? 'ok' : 'cut off from the database';
    const queue = connected && queueCounts ? await this.counts().catch(() => null) : null;
    const due = connected && overdue ? await this.overdue().catch(() => null) : 0;
    const work = queue && due !== null ? (queue.queued ?? 0) + (queue.running ?? 0) + due : null;
    const ready = status === 'ok';
    return { code: ready ? 200 : 503, body: { ready, status, role: identity.role, work, queue } };
  }

  private status(
    connected: boolean,
    dispatch: DispatchSeen | undefined,
    workers: WorkersSeen | undefined,
  ): HealthReport['status'] {
    if (this.state !== 'ready') return this.state;
    if (!connected) return 'cut off from the database';
    if (dispatch && dispatch.oldestUnwrittenMs > dispatch.mayWaitMs) return 'ends of tasks can not be written';
    if (dispatch?.claimFailure !== undefined) return 'no task can be claimed';
    return workers?.starts === 'failing' ? 'no worker can start' : 'ok';
  }
}

/** The log has the reason of a failing claim: an answer to anybody must name no server. */
function asShown({ unwritten, oldestUnwrittenMs, claimFailure }: DispatchSeen): HealthReport['dispatch'] {
  return {
    unwrittenEnds: unwritten,
    oldestUnwrittenSeconds: Math.round(oldestUnwrittenMs / 1_000),
    claims: claimFailure === undefined ? 'ok' : 'failing',
  };
}
