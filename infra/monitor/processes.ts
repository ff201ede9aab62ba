import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Collection, Db } from 'mongodb';
import { Repeated } from '../timing/repeated';
import { withTimeout } from '../timing/with-timeout';
import type { Emit } from './events';

/** What a process says of itself in the collection `processes`, so that either role can list them all. */
export interface ProcessRecord {
  _id: string;
  role: string;
  host: string;
  pid: number;
  version: string;
  commit: string;
  startedAt: Date;
  /** By the database's clock. */
  lastSeen: Date;
  state: string;
  /** What it shows of its insides (event loop, memory, workers), as of `lastSeen`. */
  details: Record<string, unknown>;
}

export interface ProcessIdentity {
  role: string;
  version: string;
  commit: string;
}

interface RegistryOptions {
  db: Db;
  identity: ProcessIdentity;
  emit: Emit;
  /** Asked at each heartbeat. */
  describe: () => { state: string; details: Record<string, unknown> };
  heartbeatMs?: number;
}

/** Records of processes that ended without a word are gone after this time. */
const goneAfterSeconds = 3_600;

/** Registers this process and renews its entry; takes it out when it stops. */
export class ProcessRegistry {
  readonly id = `${hostname()}:${process.pid}:${randomBytes(3).toString('hex')}`;
  private readonly collection: Collection<ProcessRecord>;
  private readonly startedAt = new Date();
  private readonly heartbeatMs: number;
  private readonly beats: Repeated;
  private failing = false;

  constructor(private readonly options: RegistryOptions) {
    this.collection = options.db.collection('processes');
    this.heartbeatMs = options.heartbeatMs ?? 5_000;
    this.beats = new Repeated(this.heartbeatMs, () => this.beat());
  }

  async start(): Promise<void> {
    await this.write();
    this.beats.startLater();
  }

  async ensureIndexes(): Promise<void> {
    await this.collection.createIndex({ lastSeen: 1 }, { expireAfterSeconds: goneAfterSeconds });
  }

  async stop(): Promise<void> {
    await this.beats.stop();
    const gone = this.collection.deleteOne({ _id: this.id });
    await withTimeout(this.heartbeatMs, gone, () => new Error('no answer')).catch(() => {});
  }

  /** Processes that were seen within three heartbeats, by the database's clock. A bounded query. */
  async list(): Promise<ProcessRecord[]> {
    const livingSince = { $subtract: ['$$NOW', 3 * this.heartbeatMs] };
    return this.collection
      .find({ $expr: { $gte: ['$lastSeen', livingSince] } })
      .sort({ role: 1, startedAt: 1 })
      .limit(500)
      .toArray();
  }

  private beat(): Promise<void> {
    return this.write().then(
      () => this.succeeded(),
      error => this.failed(error),
    );
  }

  private async write(): Promise<void> {
    const { role, version, commit } = this.options.identity;
    const { state, details } = this.options.describe();
    const written = this.collection.updateOne(
      { _id: this.id },
      {
        $set: { role, version, commit, host: hostname(), pid: process.pid, startedAt: this.startedAt, state, details },
        $currentDate: { lastSeen: true },
      },
      { upsert: true },
    );
    await withTimeout(this.heartbeatMs, written, () => new Error(`no answer in ${this.heartbeatMs} ms`));
  }

  private succeeded(): void {
    this.failing = false;
  }

  /** Said once per time of trouble: a database that is away for an hour is one line, not a thousand. */
  private failed(error: unknown): void {
    if (!this.failing) this.options.emit('processes.failed', { error });
    this.failing = true;
  }
}

/** The task types that no living role takes: what is added of them waits. */
export function untakenTypes(
  living: readonly Pick<ProcessRecord, 'details'>[],
  taskTypes: readonly string[],
): string[] {
  const taken = new Set(living.flatMap(({ details }) => (details.taskTypes as string[] | undefined) ?? []));
  return taskTypes.filter(taskType => !taken.has(taskType));
}
